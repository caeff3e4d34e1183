package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.test.LoopTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** How a failure reaches the one who awaits. */
class TaskFailureTest {
    private static final class Declared extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private static List<String> sites(Throwable failure) {
        List<String> sites = new ArrayList<>();
        for (Throwable suppressed : failure.getSuppressed()) {
            assertThat(suppressed).isInstanceOfAny(Outcome.AwaitSite.class, Trace.SpawnSite.class);
            sites.add(suppressed.getMessage());
        }
        return sites;
    }

    @LoopTest
    void theSameInstanceWithTheAwaitSiteOnce() {
        IllegalStateException failure = new IllegalStateException("expected");
        Task<String> task = Task.spawn(() -> {
            throw failure;
        });
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> await(task)).isSameAs(failure);
        }
        assertThat(sites(failure))
                .containsExactly(
                        task.name() + " was spawned here",
                        "awaited by " + Task.current().name());
        StackTraceElement[] site = failure.getSuppressed()[1].getStackTrace();
        assertThat(site).anyMatch(frame -> frame.getClassName().equals(TaskFailureTest.class.getName()));
    }

    @LoopTest
    void eachFutureAddsItsSite() {
        IllegalStateException failure = new IllegalStateException("expected");
        Task<String> inner = Loop.current().spawn("inner", () -> {
            throw failure;
        });
        Task<String> middle = Task.spawn(() -> await(inner));
        assertThatThrownBy(() -> await(middle)).isSameAs(failure);
        assertThat(sites(failure))
                .containsExactly(
                        "inner was spawned here",
                        "awaited by " + middle.name(),
                        "awaited by " + Task.current().name());
    }

    @LoopTest
    void aSharedInstanceDoesNotGrowForEver() {
        IllegalStateException shared = new IllegalStateException("a constant");
        for (int i = 0; i < 100; i++) {
            Future<String> failed = Future.failed(shared);
            assertThatThrownBy(() -> await(failed)).isSameAs(shared);
        }
        assertThat(sites(shared)).hasSize(8);
    }

    @LoopTest
    void aFailureThatTakesNoSuppressedOnesIsLeftAsItIs() {
        RuntimeException bare = new RuntimeException("bare", null, false, false) {
            private static final long serialVersionUID = 1L;
        };
        assertThatThrownBy(() -> await(Future.failed(bare))).isSameAs(bare);
        assertThat(bare.getSuppressed()).isEmpty();
    }

    @LoopTest
    void anErrorIsRethrownAsItIs() {
        AssertionError error = new AssertionError("expected");
        Task<String> task = Task.spawn(() -> {
            throw error;
        });
        assertThat(catchThrowable(() -> await(task))).isSameAs(error);
    }

    @LoopTest
    void aCheckedFailureIsTheCauseOfACompletionException() {
        IOException failure = new IOException("expected");
        Task<String> task = Task.spawn(() -> {
            throw failure;
        });
        assertThat(task.isDone()).isFalse();
        assertThatThrownBy(() -> await(task))
                .isExactlyInstanceOf(CompletionException.class)
                .hasCause(failure);
        assertThat(task.exceptionNow()).isSameAs(failure);
    }

    @LoopTest
    void aCompletionExceptionIsUnwrappedToAnUncheckedCause() {
        IllegalStateException unchecked = new IllegalStateException("expected");
        assertThatThrownBy(() -> await(Future.failed(new CompletionException(unchecked))))
                .isSameAs(unchecked);
        AssertionError error = new AssertionError("expected");
        assertThat(catchThrowable(() -> await(Future.failed(new CompletionException(error)))))
                .isSameAs(error);
    }

    @LoopTest
    void aCompletionExceptionOfACheckedCauseStaysOneLevel() {
        CompletionException wrapped = new CompletionException(new IOException("expected"));
        Throwable thrown = catchThrowable(() -> await(Future.failed(wrapped)));
        assertThat(thrown).isSameAs(wrapped);
    }

    @LoopTest
    void aForeignStagesFailureIsUnwrapped() {
        IllegalStateException failure = new IllegalStateException("expected");
        CompletableFuture<String> foreign = new CompletableFuture<>();
        Task<String> task = Task.spawn(() -> await(foreign.thenApply(String::trim)));
        yieldNow();
        foreign.completeExceptionally(failure);
        assertThatThrownBy(() -> await(task)).isSameAs(failure);
        assertThatThrownBy(() -> await(foreign)).isSameAs(failure);
    }

    @LoopTest
    void aDerivedStagesFailureIsUnwrapped() {
        IllegalStateException failure = new IllegalStateException("expected");
        Future<String> stage =
                Future.<String>failed(failure).thenApply(String::trim).thenApply(String::trim);
        assertThatThrownBy(() -> await(stage)).isSameAs(failure);
    }

    @Test
    void runThrowsTheBodysOwnCheckedInstance() throws Exception {
        Declared failure = new Declared();
        try {
            Loop.run(() -> {
                yieldNow();
                if (Loop.current().isOnLoop()) {
                    throw failure;
                }
                return "";
            });
        } catch (Declared thrown) {
            assertThat(thrown).isSameAs(failure);
            return;
        }
        throw new AssertionError("nothing was thrown");
    }

    @Test
    void runInfersThatNothingCheckedIsThrown() {
        String result = Loop.run(() -> {
            yieldNow();
            return "no throws clause needed";
        });
        Loop.run(() -> yieldNow());
        assertThat(result).isEqualTo("no throws clause needed");
    }

    @LoopTest
    void aStageThatABodyReturnsIsNotFlattened() {
        Promise<String> promise = Promise.create();
        Task<Future<String>> task = Task.spawn(() -> promise.future());
        assertThat((Object) await(task)).isSameAs(promise.future());
    }

    @LoopTest
    void nullIsAValue() {
        assertThat(await(Task.<String>spawn(() -> null))).isNull();
        assertThat(await(Future.<String>completed(null))).isNull();
        assertThat(Future.completed(null).resultNow()).isNull();
        Promise<String> promise = Promise.create();
        assertThat(promise.complete(null)).isTrue();
        assertThat(promise.complete("second")).isFalse();
        assertThat(promise.future().isDone()).isTrue();
        assertThat(await(promise.future())).isNull();
    }

    @LoopTest
    void aStackOverflowIsTheBodysAloneAndTheLoopGoesOn() {
        Task<Integer> deep = Task.spawn(() -> endless(0));
        assertThatThrownBy(() -> await(deep)).isInstanceOf(StackOverflowError.class);
        assertThat(await(Task.spawn(() -> "goes on"))).isEqualTo("goes on");
    }

    private static int endless(int depth) {
        return depth < 0 ? depth : endless(depth + 1) + 1;
    }
}
