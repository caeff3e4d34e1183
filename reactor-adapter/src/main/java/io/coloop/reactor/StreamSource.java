package io.coloop.reactor;

import io.coloop.Loop;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A publisher as core's streams see it. Subscribed once. */
final class StreamSource<T> extends Inbound<T> implements Flow.Publisher<T>, Flow.Subscription {
    private final Publisher<? extends T> publisher;
    private Flow.@Nullable Subscriber<? super T> stream; // published by the subscribing

    StreamSource(Loop loop, Publisher<? extends T> publisher, @Nullable Consumer<? super T> onUndelivered) {
        super(loop, "a Publisher", onUndelivered);
        this.publisher = Objects.requireNonNull(publisher, "publisher");
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> subscriber) {
        stream = subscriber;
        subscribeTo(publisher);
    }

    @Override
    void subscribed(Subscription given) {
        stream().onSubscribe(this);
    }

    @Override
    public void onNext(T item) {
        stream().onNext(item);
    }

    @Override
    public void onError(Throwable failure) {
        stream().onError(failure);
    }

    @Override
    public void onComplete() {
        stream().onComplete();
    }

    private Flow.Subscriber<? super T> stream() {
        return Objects.requireNonNull(stream);
    }

    @Override
    public void request(long n) {
        Objects.requireNonNull(subscription()).request(n);
    }

    @Override
    public void cancel() {
        Objects.requireNonNull(subscription()).cancel();
    }

    @Override
    public String toString() {
        return publisher instanceof Mono ? "Mono" : publisher instanceof Flux ? "Flux" : "Publisher";
    }
}
