package io.coloop;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Takes the value of a future that nobody awaits any more, if it has one. */
final class Leftover<T extends @Nullable Object> extends Listener {
    private final Future<? extends T> future;
    private final Consumer<? super T> receiver;

    Leftover(Future<? extends T> future, Consumer<? super T> receiver) {
        this.future = future;
        this.receiver = receiver;
    }

    @Override
    Loop loop() {
        return future.loop();
    }

    @Override
    boolean observes() {
        return false;
    }

    @Override
    public void run() {
        Object outcome = future.outcome();
        if (outcome != null && Outcome.isValue(outcome)) {
            receiver.accept(Outcome.<T>valueOf(outcome));
        }
    }
}
