package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.stream.EmittingBody;
import io.coloop.stream.Streams;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.FlowAdapters;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/** A Flux of what a body emits: a new task for each subscriber, which owns it. */
final class BodyFlux<T> extends Flux<T> {
    private final Loop loop;
    private final EmittingBody<T, ?> body;
    private final @Nullable Consumer<? super T> onUndelivered;

    private BodyFlux(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        this.loop = loop;
        this.body = body;
        this.onUndelivered = onUndelivered;
    }

    static <T> Flux<T> of(Loop loop, EmittingBody<T, ?> body, @Nullable Consumer<? super T> onUndelivered) {
        return onAssembly(new BodyFlux<>(loop, body, onUndelivered));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context context = actual.currentContext();
        ThreadLocals.runIn(context, () -> start(actual, context));
    }

    private void start(CoreSubscriber<? super T> actual, Context context) {
        ReactorUndelivered<T> undelivered = new ReactorUndelivered<>(loop, "a Flux", onUndelivered) {
            @Override
            Context hooks() {
                return context;
            }
        };
        Streams.emit(loop, ReactorContext.inTask(context, body), FlowAdapters.toFlowSubscriber(actual), undelivered);
    }
}
