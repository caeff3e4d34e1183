package io.coloop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One cancel of a source, and what ends by it later: bodies and coroutines that clean up, however many operators there are between them and the one who cancels. For bridges.
 *
 * <p>On the loop, but for {@link #add}.
 */
public final class Ending {
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Loop loop;
    private final Promise<@Nullable Void> heard;
    private final List<Future<?>> begun = new ArrayList<>();

    private Ending(Loop loop) {
        this.loop = loop;
        this.heard = new Promise<>(loop, "the cancel of a source");
    }

    /** Runs a source's cancel, from the ready queue, as it runs foreign code. */
    public static Ending of(Loop loop, Runnable cancel) {
        Ending ending = new Ending(loop);
        Runnable seen = loop.inContext(Objects.requireNonNull(cancel, "cancel"));
        if (!loop.offerItem(() -> ending.run(seen))) {
            ending.run(seen);
        }
        return ending;
    }

    private void run(Runnable cancel) {
        Ending outer = loop.ending;
        loop.ending = this;
        try {
            cancel.run();
        } finally {
            loop.ending = outer;
            heard.complete(null);
        }
    }

    /**
     * Says, within a source's cancel, what has begun to end by it. Without effect where nobody could wait for that: within another cancel than that of {@link #of}, and off the loop. Any thread.
     */
    public static void add(Future<?> ending) {
        Objects.requireNonNull(ending, "ending");
        Loop here = Loop.currentOrNull();
        if (here != null && here.ending != null) {
            here.ending.begun.add(ending);
        }
    }

    /**
     * Waits until the source has heard of the cancel, and until what ends by it has ended, but for what itself waits for this task. A cancel does not cut that short within the grace of the {@link Cleanup} around it, or else for five
     * seconds. Task only.
     *
     * @throws TaskCancelledException if it took longer, and the task is being cancelled
     */
    public void await() {
        Task<?> task = Task.require("Ending.await()");
        if (Cleanup.protecting(task) != null) {
            awaitAll(task);
        } else {
            Cleanup.run(GRACE, () -> awaitAll(task));
        }
    }

    private void awaitAll(Task<?> task) {
        if (!heard.isDone()) {
            Await.waitFor(List.of(heard.future()), WaitUntil.ALL_DONE); // an await would cancel it for others
        }
        List<Future<?>> pending = begun.stream()
                .filter(future -> !future.isDone() && !Waits.leadsTo(future, task))
                .toList();
        if (!pending.isEmpty()) {
            Await.waitFor(pending, WaitUntil.ALL_DONE);
        }
    }
}
