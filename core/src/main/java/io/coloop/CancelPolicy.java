package io.coloop;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a source when a task that awaits it is cancelled. Where nobody says, a task owns what is coloop's or cold, and shields what is hot and of another
 * library.
 */
public final class CancelPolicy {
    private enum Kind {
        OWN,
        SHIELD,
        SHARE,
        DRAIN
    }

    /**
     * The source is cancelled with the task. A stage of another library is cancelled through its {@link CompletionStage#toCompletableFuture}, for all who wait for it; one that
     * gives only copies of itself goes on.
     */
    public static final CancelPolicy OWN = new CancelPolicy(Kind.OWN, Duration.ZERO);

    /**
     * The source goes on. What a cold one gives to nobody but this task, or fails with, is undelivered. A {@link Future} keeps its value for whoever holds it: so of a cold source await the source itself, not a
     * future of it that nobody else has.
     */
    public static final CancelPolicy SHIELD = new CancelPolicy(Kind.SHIELD, Duration.ZERO);

    /**
     * The source is cancelled when the last task that awaits it leaves. Who else observes a {@link Future}, with whatever policy, counts as one that waits. Of a stage of another library those tasks
     * count that await it with this policy on the same loop. A cold source is started for each await, so this is {@link #OWN}.
     */
    public static final CancelPolicy SHARE = new CancelPolicy(Kind.SHARE, Duration.ZERO);

    private final Kind kind;
    private final Duration grace;

    private CancelPolicy(Kind kind, Duration grace) {
        this.kind = kind;
        this.grace = grace;
    }

    /**
     * The source may finish, and the task waits for it: then the await returns, and the next one throws {@link TaskCancelledException}; a body that awaits no more ends cancelled, and what it
     * returns is undelivered: see {@link Task#onUndelivered}. When the grace is over the source is
     * cancelled with the task. What a connection needs that cannot be used again after half an answer; see {@link Cleanup}.
     *
     * @param grace how long, from the await on: zero or more; a cancel that comes after that cancels at once
     * @throws IllegalArgumentException if it is negative
     */
    public static CancelPolicy drain(Duration grace) {
        if (Objects.requireNonNull(grace, "grace").isNegative()) {
            throw new IllegalArgumentException("a grace is zero or more: " + grace);
        }
        return new CancelPolicy(Kind.DRAIN, grace);
    }

    <T extends @Nullable Object> T await(Task<?> task, CompletionStage<T> stage) {
        return switch (kind) {
            case OWN -> stage instanceof Future<T> future ? task.await(future) : task.await(owned(task.loop(), stage));
            case SHIELD -> Await.await(stage instanceof Future<T> future ? Stages.shield(future) : stage);
            case SHARE ->
                task.await(Stages.share(
                        stage instanceof Future<T> future
                                ? future
                                : task.loop().sharedStages().of(stage)));
            case DRAIN -> Cleanup.run(grace, () -> OWN.await(task, stage));
        };
    }

    <T extends @Nullable Object> T await(Task<?> task, Awaitable<T> source) {
        return switch (kind) {
            case OWN, SHARE -> task.await(source);
            case SHIELD -> shielded(task, source);
            case DRAIN -> Cleanup.run(grace, () -> task.await(source));
        };
    }

    /** A future that ends as a stage of another library does and cancels it. */
    static <T extends @Nullable Object> Future<T> owned(Loop loop, CompletionStage<T> stage) {
        Promise<T> promise = new Promise<>(loop, stage);
        promise.onCancel(() -> stage.toCompletableFuture().cancel(true));
        Foreign.follow(stage, promise);
        return promise.future();
    }

    private static <T extends @Nullable Object> T shielded(Task<?> task, Awaitable<T> source) {
        Promise<T> inner = new Promise<>(task.loop(), source);
        try {
            return task.await((Promise<T> outer) -> {
                inner.future().register(new Stages.Forward<>(inner.future(), outer.future()));
                source.subscribe(inner);
            });
        } catch (TaskCancelledException cancelled) {
            inner.future().register(new Abandoned(inner));
            throw cancelled;
        }
    }

    /** Hands on how a source ended that nobody awaits any more. */
    private static final class Abandoned extends Listener {
        private final Promise<?> promise;

        Abandoned(Promise<?> promise) {
            this.promise = promise;
        }

        @Override
        Loop loop() {
            return promise.future().loop();
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            promise.handOn();
        }
    }

    @Override
    public String toString() {
        return kind == Kind.DRAIN ? "DRAIN for " + grace : kind.name();
    }
}
