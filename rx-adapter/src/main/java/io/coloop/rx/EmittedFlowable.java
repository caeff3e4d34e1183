package io.coloop.rx;

import io.coloop.Loop;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Streams;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A Flowable of what a body emits, as a new task for each subscriber. */
final class EmittedFlowable<T> extends Flowable<T> {
    private final Loop loop;
    private final EmittingBody<T, ?> body;
    private final @Nullable Consumer<? super T> onUndelivered;

    private EmittedFlowable(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        this.loop = loop;
        this.body = body;
        this.onUndelivered = onUndelivered;
    }

    static <T> Flowable<T> of(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        Objects.requireNonNull(loop, "loop");
        Objects.requireNonNull(body, "body");
        return RxJavaPlugins.onAssembly(new EmittedFlowable<>(loop, body, onUndelivered));
    }

    @Override
    protected void subscribeActual(Subscriber<? super T> subscriber) {
        Streams.emit(loop, body, new Outbound<T>(subscriber), new RxUndelivered<T>(loop, onUndelivered));
    }

    /** One subscriber, as core's streams see it. */
    private static final class Outbound<T> implements Flow.Subscriber<T>, Subscription {
        private final Subscriber<? super T> to;
        private Flow.@Nullable Subscription from; // set before it is handed out

        Outbound(Subscriber<? super T> to) {
            this.to = to;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
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
