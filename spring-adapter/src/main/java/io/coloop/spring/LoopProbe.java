package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Asks loops something on their own threads, all at once, and waits for all together. */
final class LoopProbe {
    private LoopProbe() {}

    /**
     * What the loops answered; null of one that has not within the limit. Without those that are closed. Any thread; on a loop's own, or in one of its tasks, the others cannot be waited for.
     *
     * @throws IllegalStateException if the calling thread is interrupted
     */
    static <T> Map<Loop, @Nullable T> ask(List<Loop> loops, Function<Loop, T> question, Duration limit) {
        Map<Loop, CompletableFuture<T>> asked = new LinkedHashMap<>();
        for (Loop loop : loops) {
            CompletableFuture<T> answer = new CompletableFuture<>();
            try {
                loop.execute(() -> answer.completeAsync(() -> question.apply(loop), Runnable::run));
                asked.put(loop, answer);
            } catch (LoopClosedException closed) {
                // it has nothing to say any more
            }
        }
        long deadline = System.nanoTime() + limit.toNanos();
        Map<Loop, @Nullable T> answers = new LinkedHashMap<>();
        asked.forEach((loop, answer) -> answers.put(loop, waitFor(answer, deadline)));
        return answers;
    }

    private static <T> @Nullable T waitFor(CompletableFuture<T> answer, long deadline) {
        try {
            return answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            return null;
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while loops were asked", interrupt);
        } catch (ExecutionException failed) {
            throw new IllegalStateException("a loop could not be looked at", failed.getCause());
        }
    }
}
