package io.coloop.reactor;

import java.util.Objects;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A publisher, neither Mono nor Flux, that a test drives by hand, also against the rules. One subscriber. */
final class ManualPublisher<T> implements Publisher<T>, Subscription {
    volatile Subscriber<? super T> subscriber;
    volatile long requested;
    volatile int cancelled;
    private final boolean silent;

    ManualPublisher() {
        this(false);
    }

    private ManualPublisher(boolean silent) {
        this.silent = silent;
    }

    /** One that forgets {@code onSubscribe}. */
    static <T> ManualPublisher<T> silent() {
        return new ManualPublisher<>(true);
    }

    @Override
    public void subscribe(Subscriber<? super T> subscriber) {
        if (this.subscriber != null) {
            throw new AssertionError("subscribed twice");
        }
        this.subscriber = subscriber;
        if (!silent) {
            subscriber.onSubscribe(this);
        }
    }

    @Override
    public void request(long n) {
        requested += n;
    }

    @Override
    public void cancel() {
        cancelled++;
    }

    void next(T value) {
        Objects.requireNonNull(subscriber, "not subscribed").onNext(value);
    }

    void complete() {
        Objects.requireNonNull(subscriber, "not subscribed").onComplete();
    }

    void fail(Throwable failure) {
        Objects.requireNonNull(subscriber, "not subscribed").onError(failure);
    }
}
