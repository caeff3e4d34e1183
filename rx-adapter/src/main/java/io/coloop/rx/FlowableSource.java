package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.FlowableSubscriber;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;

/** A Flowable as core's streams see it. */
final class FlowableSource<T> implements Flow.Publisher<T> {
    private final Flowable<? extends T> flowable;

    FlowableSource(Flowable<? extends T> flowable) {
        this.flowable = Objects.requireNonNull(flowable, "flowable");
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> to) {
        flowable.subscribe(new Inbound<T>(to));
    }

    @Override
    public String toString() {
        return "Flowable";
    }

    /** Passes the signals on as they are: what receives them keeps the rules itself. */
    private static final class Inbound<T> implements FlowableSubscriber<T>, Flow.Subscription {
        private final Flow.Subscriber<? super T> to;
        private @Nullable Subscription from; // set before the first request

        Inbound(Flow.Subscriber<? super T> to) {
            this.to = to;
        }

        @Override
        public void onSubscribe(Subscription given) {
            Objects.requireNonNull(given, "subscription");
            if (from != null) {
                given.cancel();
                RxJavaPlugins.onError(new ProtocolViolationException("a Flowable called onSubscribe twice"));
                return;
            }
            from = given;
            to.onSubscribe(this);
        }

        @Override
        public void onNext(T item) {
            to.onNext(item);
        }

        @Override
        public void onError(Throwable failure) {
            to.onError(failure);
        }

        @Override
        public void onComplete() {
            to.onComplete();
        }

        @Override
        public void request(long n) {
            Objects.requireNonNull(from).request(n);
        }

        @Override
        public void cancel() {
            Objects.requireNonNull(from).cancel();
        }
    }
}
