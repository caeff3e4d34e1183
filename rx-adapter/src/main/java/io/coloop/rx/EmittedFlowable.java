package io.coloop.rx;

import io.coloop.Loop;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Streams;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.FlowAdapters;
import org.reactivestreams.Subscriber;

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
        Streams.emit(loop, body, FlowAdapters.toFlowSubscriber(subscriber), new RxUndelivered<T>(loop, onUndelivered));
    }
}
