package io.coloop.reactor;

import java.util.Objects;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A Mono that a test drives by hand, also against the rules: it signals after a cancel if told to. One subscriber. */
final class ManualMono<T> extends Mono<T> implements Subscription {
    private volatile CoreSubscriber<? super T> actual;
    volatile long requested;
    volatile boolean cancelled;

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        if (this.actual != null) {
            throw new AssertionError("subscribed twice");
        }
        this.actual = actual;
        actual.onSubscribe(this);
    }

    @Override
    public void request(long n) {
        requested += n;
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    boolean isSubscribed() {
        return actual != null;
    }

    void next(T value) {
        Objects.requireNonNull(actual, "not subscribed").onNext(value);
    }

    void complete() {
        Objects.requireNonNull(actual, "not subscribed").onComplete();
    }

    void complete(T value) {
        next(value);
        complete();
    }

    void fail(Throwable failure) {
        Objects.requireNonNull(actual, "not subscribed").onError(failure);
    }
}
