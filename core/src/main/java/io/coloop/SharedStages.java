package io.coloop;

import java.util.IdentityHashMap;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The stages of other libraries that tasks of one loop share: one future for all that await the same stage. Confined to the loop. */
final class SharedStages {
    private final Loop loop;
    private final IdentityHashMap<CompletionStage<?>, Future<?>> futures =
            new IdentityHashMap<>(); // pending, or done in this turn

    SharedStages(Loop loop) {
        this.loop = loop;
    }

    /** The future that owns the stage. */
    @SuppressWarnings("unchecked") // it was made of this stage
    <T extends @Nullable Object> Future<T> of(CompletionStage<T> stage) {
        Future<?> known = futures.get(stage);
        if (known != null && !known.isDone()) {
            return (Future<T>) known;
        }
        Future<T> future = CancelPolicy.owned(loop, stage);
        futures.put(stage, future);
        future.register(new Gone(stage, future));
        return future;
    }

    int size() {
        return futures.size();
    }

    private final class Gone extends Listener {
        private final CompletionStage<?> stage;
        private final Future<?> future;

        Gone(CompletionStage<?> stage, Future<?> future) {
            this.stage = stage;
            this.future = future;
        }

        @Override
        Loop loop() {
            return loop;
        }

        @Override
        boolean observes() {
            return false;
        }

        @Override
        public void run() {
            futures.remove(stage, future);
        }
    }
}
