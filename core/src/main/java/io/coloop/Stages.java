package io.coloop;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The parts that the derived stages of {@link Future} are made of. */
final class Stages {
    private Stages() {}

    /** Settles {@code result} from the value or the failure of its source; what it throws fails the result. */
    @FunctionalInterface
    interface Handler<T extends @Nullable Object, U extends @Nullable Object> {
        void accept(T value, @Nullable Throwable failure, Future<U> result) throws Exception;

        /** Whether it calls the user's function for such a source; if not, it needs no executor. */
        default boolean callsFor(@Nullable Throwable failure) {
            return true;
        }
    }

    /** Says that a handler calls the user's function only for a value, or only for a failure. */
    static <T extends @Nullable Object, U extends @Nullable Object> Handler<T, U> only(
            boolean forFailure, Handler<T, U> handler) {
        return new Handler<>() {
            @Override
            public void accept(T value, @Nullable Throwable failure, Future<U> result) throws Exception {
                handler.accept(value, failure, result);
            }

            @Override
            public boolean callsFor(@Nullable Throwable failure) {
                return forFailure == (failure != null);
            }
        };
    }

    static <T extends @Nullable Object, U extends @Nullable Object> Handler<T, U> apply(
            Function<? super T, ? extends U> fn) {
        return (value, failure, result) ->
                result.settle(failure == null ? Outcome.of(fn.apply(value)) : Outcome.dependent(failure));
    }

    @SuppressWarnings("NullAway") // CompletionStage's functions take a null failure
    static <T extends @Nullable Object, U extends @Nullable Object> Handler<T, U> handle(
            BiFunction<? super T, Throwable, ? extends U> fn) {
        return (value, failure, result) -> result.settle(Outcome.of(fn.apply(value, failure)));
    }

    static <T extends @Nullable Object> Handler<T, T> whenComplete(
            BiConsumer<? super T, ? super @Nullable Throwable> action) {
        return (value, failure, result) -> {
            try {
                action.accept(value, failure);
            } catch (Throwable thrown) {
                if (failure == null) {
                    throw thrown;
                }
                if (failure != thrown) {
                    failure.addSuppressed(thrown);
                }
            }
            result.settle(failure == null ? Outcome.of(value) : Outcome.dependent(failure));
        };
    }

    static <T extends @Nullable Object> Handler<T, T> exceptionally(Function<Throwable, ? extends T> fn) {
        return (value, failure, result) -> result.settle(Outcome.of(failure == null ? value : fn.apply(failure)));
    }

    static <T extends @Nullable Object, U extends @Nullable Object> Handler<T, U> compose(
            Function<? super T, ? extends CompletionStage<U>> fn) {
        return (value, failure, result) -> {
            if (failure != null) {
                result.settle(Outcome.dependent(failure));
            } else {
                follow(result.loop().from(fn.apply(value)), result);
            }
        };
    }

    static <T extends @Nullable Object> Handler<T, T> exceptionallyCompose(
            Function<Throwable, ? extends CompletionStage<T>> fn) {
        return (value, failure, result) -> {
            if (failure == null) {
                result.settle(Outcome.of(value));
            } else {
                follow(result.loop().from(fn.apply(failure)), result);
            }
        };
    }

    private static <U extends @Nullable Object> void follow(Future<U> inner, Future<U> result) {
        result.register(new Promise.CancelHook(result, inner::abandon));
        inner.register(new Derived<>(inner, result, null, apply(Function.<U>identity())));
    }

    /** What listens on behalf of a result, until that is done. */
    abstract static class ForResult<U extends @Nullable Object> extends Listener {
        final Future<U> result;

        ForResult(Future<U> result) {
            this.result = result;
        }

        @Override
        final Loop loop() {
            return result.loop();
        }

        @Override
        final boolean observes() {
            return !result.isDone();
        }

        @Override
        boolean mayTurnAway() {
            return observes(); // the result may be done by something else before this runs
        }
    }

    /** One derived stage, waiting for its source. */
    static final class Derived<T extends @Nullable Object, U extends @Nullable Object> extends ForResult<U> {
        private final Future<T> source;
        private final @Nullable Executor executor;
        private final Handler<T, U> handler;
        private final ContextCapture.Snapshot context;

        Derived(Future<T> source, Future<U> result, @Nullable Executor executor, Handler<T, U> handler) {
            super(result);
            this.source = source;
            this.executor = executor;
            this.handler = handler;
            this.context = source.loop().snapshot();
        }

        @Override
        public void run() {
            if (result.isDone()) {
                source.turnedAway();
                return;
            }
            Object outcome = Objects.requireNonNull(source.outcome());
            source.markObserved(outcome);
            if (executor == null || !handler.callsFor(Outcome.failureOf(outcome))) {
                computeInContext();
                return;
            }
            try {
                executor.execute(this::computeInContext);
            } catch (RuntimeException rejected) {
                result.settle(Outcome.dependent(rejected));
            }
        }

        private void computeInContext() {
            context.run(this::compute);
        }

        @SuppressWarnings({"unchecked", "NullAway"}) // a value may be null where T may
        private void compute() {
            Object outcome = source.outcome();
            Throwable failure = Outcome.failureOf(outcome);
            T value = failure == null ? Outcome.<T>valueOf(outcome) : null;
            try {
                handler.accept(value, failure, result);
            } catch (Throwable thrown) {
                result.settle(Outcome.dependent(thrown));
                if (thrown instanceof Error fatal && Outcome.endsLoop(fatal)) {
                    throw fatal;
                }
            }
        }
    }

    /** Settles a target exactly as a source ended. */
    static final class Forward<T extends @Nullable Object> extends ForResult<T> {
        private final Future<T> source;

        Forward(Future<T> source, Future<T> target) {
            super(target);
            this.source = source;
        }

        @Override
        public void run() {
            Object outcome = source.outcome();
            if (outcome instanceof Outcome.Failure failure) {
                if (result.settle(Outcome.failure(failure.cause))) {
                    source.markObserved(failure);
                } else {
                    source.turnedAway();
                }
            } else if (outcome != null) {
                result.settle(outcome);
            }
        }
    }

    /** A future that ends as the inner one does, which goes on if the first is cancelled; the inner one itself if that is done. */
    static <T extends @Nullable Object> Future<T> shield(Future<T> inner) {
        return view(inner, reason -> {});
    }

    /** A future that ends as the inner one does, which is cancelled with it unless somebody else observes that; the inner one itself if that is done. */
    static <T extends @Nullable Object> Future<T> share(Future<T> inner) {
        return view(inner, inner::abandon);
    }

    private static <T extends @Nullable Object> Future<T> view(Future<T> inner, Consumer<@Nullable String> left) {
        if (inner.isDone()) {
            return inner;
        }
        Future<T> outer = new Future<>(inner.loop(), inner);
        Forward<T> forward = new Forward<>(inner, outer);
        outer.register(new Promise.CancelHook(outer, reason -> {
            inner.unregister(forward);
            left.accept(reason);
        }));
        inner.register(forward);
        return outer;
    }

    /** Says that a result depends on a source, before it listens to it. */
    static final class Interest<U extends @Nullable Object> extends ForResult<U> {
        Interest(Future<U> result) {
            super(result);
        }

        @Override
        boolean mayTurnAway() {
            return false;
        }

        @Override
        public void run() {
            // the one that listens comes later
        }
    }

    /** A {@link CompletableFuture} that follows a future; settling it by hand touches only it, cancelling it cancels the future. */
    static final class View<T extends @Nullable Object> extends CompletableFuture<T> {
        private final Future<T> source;
        private final @Nullable Follower follower; // null if there is nothing to wait for

        @SuppressWarnings("this-escape") // the follower runs later, or on the loop
        View(Future<T> source) {
            this.source = source;
            this.follower = follow() ? null : new Follower();
            if (follower != null) {
                source.register(follower);
            }
        }

        /** Follows no longer: a source that lives long must not collect views that are done with. */
        void leave() {
            if (follower != null) {
                source.unregister(follower);
            }
        }

        @Override
        public boolean complete(T value) {
            boolean first = super.complete(value);
            if (first) {
                leave();
            }
            return first;
        }

        @Override
        public boolean completeExceptionally(Throwable failure) {
            boolean first = super.completeExceptionally(failure);
            if (first) {
                leave();
            }
            return first;
        }

        private boolean follow() {
            Object outcome = source.outcome();
            if (outcome == null) {
                return false;
            }
            Throwable failure = Outcome.failureOf(outcome);
            if (failure == null) {
                complete(Outcome.<T>valueOf(outcome));
            } else {
                source.markObserved(outcome);
                completeExceptionally(failure);
            }
            return true;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            if (cancelled) {
                source.cancel("its CompletableFuture was cancelled");
            }
            return cancelled;
        }

        private final class Follower extends Listener {
            @Override
            Loop loop() {
                return source.loop();
            }

            @Override
            boolean observes() {
                return !isDone();
            }

            @Override
            boolean mayTurnAway() {
                return observes();
            }

            @Override
            public void run() {
                if (isDone()) { // settled by hand, it does not observe a failure
                    source.turnedAway();
                } else {
                    follow();
                }
            }
        }

        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            return new CompletableFuture<>();
        }

        @Override
        public T join() {
            checkMayBlock("join()");
            return super.join();
        }

        @Override
        public T get() throws InterruptedException, ExecutionException {
            checkMayBlock("get()");
            return super.get();
        }

        @Override
        public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            checkMayBlock("get(timeout)");
            return super.get(timeout, unit);
        }

        private void checkMayBlock(String call) {
            Loop here = Loop.currentOrNull();
            if (here != null && !isDone()) {
                throw Misuse.blocksLoop(call, here);
            }
        }
    }
}
