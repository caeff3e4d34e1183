package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Context variables, foreign context and thread locals: each task and callback has its own, inherited where it was started. */
@Timeout(60)
class ContextTest {
    private static final ContextVar<String> USER = ContextVar.of("user");
    private static final ContextVar<Integer> DEPTH = ContextVar.of("depth", 0);

    private static String user() {
        return USER.orElse("nobody");
    }

    // ---- a variable

    @LoopTest
    void aVariableHasNoValueUntilItIsSet() {
        assertThat(USER.isSet()).isFalse();
        assertThatThrownBy(USER::get)
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("context variable user is not set");
        assertThat(USER.orElse("other")).isEqualTo("other");
        USER.set("ann");
        assertThat(USER.isSet()).isTrue();
        assertThat(USER.get()).isEqualTo("ann");
        assertThat(USER.orElse("other")).isEqualTo("ann");
    }

    @LoopTest
    void anInitialValueIsSeenWhereNoneIsSet() {
        assertThat(DEPTH.get()).isZero();
        assertThat(DEPTH.isSet()).isFalse();
        assertThat(DEPTH.orElse(7)).isEqualTo(7);
        assertThat(ContextVar.<String>of("none", null).get()).isNull();
    }

    @LoopTest
    void aChangeIsTakenBackAndOthersStay() {
        try (ContextVar.Change outer = USER.set("ann")) {
            try (ContextVar.Change inner = USER.set("bob")) {
                DEPTH.set(3);
                assertThat(user()).isEqualTo("bob");
                assertThat(inner).isNotSameAs(outer);
            }
            assertThat(user()).isEqualTo("ann");
            assertThat(DEPTH.get()).isEqualTo(3);
        }
        assertThat(USER.isSet()).isFalse();
        assertThat(DEPTH.get()).isEqualTo(3);
        assertThat(Context.current()).hasToString("Context[depth=3]");
    }

    @LoopTest
    void aChangeIsTakenBackOnce() {
        ContextVar.Change change = USER.set("ann");
        change.close();
        USER.set("bob");
        change.close();
        assertThat(user()).isEqualTo("bob");
    }

    @LoopTest
    void aChangeIsTakenBackOnlyWhereItWasMade() {
        ContextVar.Change change = USER.set("ann");
        Task<Void> other = Task.spawn(change::close);
        assertThatThrownBy(() -> await(other))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a change of a context variable is taken back where it was made")
                .hasMessageContaining("close() of a change of user");
        assertThat(user()).isEqualTo("ann");
    }

    @Test
    void onAnyOtherThreadAVariableBelongsToTheThread() throws InterruptedException {
        try (ContextVar.Change ignored = USER.set("ann")) {
            List<String> seen = new CopyOnWriteArrayList<>();
            Thread other = new Thread(() -> seen.add(user()));
            other.start();
            other.join();
            assertThat(seen).containsExactly("nobody");
            assertThat(Loop.run(() -> user())).isEqualTo("ann");
            assertThat(Loop.currentOrNull()).isNull();
        }
        assertThat(Context.current()).isSameAs(Context.EMPTY);
    }

    // ---- tasks

    @LoopTest
    void aTaskInheritsASnapshotAndKeepsItsOwn() {
        USER.set("ann");
        Task<String> child = Task.spawn(() -> {
            String first = user();
            yieldNow();
            String second = user();
            USER.set("child");
            yieldNow();
            return first + " " + second + " " + user();
        });
        USER.set("bob");
        assertThat(await(child)).isEqualTo("ann ann child");
        assertThat(user()).isEqualTo("bob");
    }

    @LoopTest
    void siblingsDoNotSeeOneAnother(Trail trail) {
        for (String name : List.of("a", "b", "c")) {
            Task.spawn(() -> {
                USER.set(name);
                for (int i = 0; i < 3; i++) {
                    sleep(Duration.ofMillis(1));
                    trail.mark(user());
                }
            });
        }
        sleep(Duration.ofMillis(10));
        assertThat(trail.marks()).containsExactly("a", "b", "c", "a", "b", "c", "a", "b", "c");
        assertThat(USER.isSet()).isFalse();
    }

    @LoopTest
    void aTaskFromAnotherThreadInheritsThatThreadsContext(Loop loop, VirtualClock clock) {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (VirtualClock.ForeignOperation operation = clock.foreign(loop)) {
            CompletableFuture<Task<String>> spawned = CompletableFuture.supplyAsync(() -> {
                try (ContextVar.Change ignored = USER.set("thread")) {
                    loop.execute(() -> seen.add(user()));
                    return loop.spawn(() -> user());
                }
            });
            assertThat(await(await(spawned))).isEqualTo("thread");
            assertThat(operation).isNotNull();
        }
        assertThat(seen).containsExactly("thread");
    }

    @LoopTest
    void aContextCanBeRunAnywhere() {
        Context ann = contextOf("ann");
        USER.set("bob");
        String inside = ann.run(() -> {
            yieldNow();
            USER.set(user() + "!");
            return user() + await(Task.spawn(() -> user()));
        });
        assertThat(inside).isEqualTo("ann!ann!");
        assertThat(user()).isEqualTo("bob");
        assertThatThrownBy(() -> ann.run(() -> {
                    throw new java.io.IOException("expected");
                }))
                .isInstanceOf(java.io.IOException.class);
        assertThat(user()).isEqualTo("bob");
    }

    private static Context contextOf(String user) {
        try (ContextVar.Change ignored = USER.set(user)) {
            return Context.current();
        }
    }

    // ---- callbacks

    @LoopTest
    void aCallbackRunsInTheContextItWasRegisteredIn(Loop loop, Trail trail) {
        Promise<String> promise = Promise.create();
        Promise<String> cancelled = Promise.create();
        contextOf("ann").run(() -> {
            loop.callSoon(() -> trail.mark("soon " + user()));
            loop.execute(() -> trail.mark("execute " + user()));
            loop.asScheduledExecutorService().execute(() -> trail.mark("view " + user()));
            loop.asScheduledExecutorService()
                    .schedule(() -> trail.mark("delayed " + user()), 1, java.util.concurrent.TimeUnit.MILLISECONDS);
            promise.future().thenAccept(value -> trail.mark("stage " + user()));
            cancelled.onCancel(() -> trail.mark("cancelled " + user()));
            loop.callLater(Duration.ofMillis(1), () -> trail.mark("later " + user()));
        });
        USER.set("bob");
        promise.complete("value");
        cancelled.future().cancel();
        sleep(Duration.ofMillis(2));
        assertThat(trail.marks())
                .containsExactly(
                        "soon ann",
                        "execute ann",
                        "view ann",
                        "stage ann",
                        "cancelled ann",
                        "later ann",
                        "delayed ann");
    }

    @LoopTest
    void whatACallbackSetsIsGoneAfterIt(Loop loop, Trail trail) {
        loop.execute(() -> {
            USER.set("callback");
            loop.execute(() -> trail.mark("registered inside: " + user()));
        });
        Future<?> done = Future.completed("x").thenRun(() -> trail.mark("next: " + user()));
        await(done);
        yieldNow();
        assertThat(trail.marks()).containsExactly("next: nobody", "registered inside: callback");
    }

    @LoopTest
    void aSubscriptionAndABlockingJobSeeTheTasksContext(Loop loop) {
        USER.set("ann");
        Awaitable<String> source = promise -> {
            String seen = user();
            USER.set("lost");
            promise.complete(seen);
        };
        assertThat(await(source)).isEqualTo("ann");
        assertThat(await(loop.subscribe(source))).isEqualTo("ann");
        assertThat(user()).isEqualTo("ann");
        assertThat(blockingCall()).isEqualTo("ann");
    }

    private static String blockingCall() {
        return blocking(() -> {
            String seen = user();
            USER.set("lost");
            return seen;
        });
    }

    @Test
    void theExceptionHandlerSeesTheFailingOnesContext() {
        List<String> seen = new CopyOnWriteArrayList<>();
        Loop.builder()
                .exceptionHandler(report -> seen.add(report.kind() + " " + user()))
                .run(() -> {
                    contextOf("ann")
                            .run(() -> Loop.current().execute(() -> {
                                throw new IllegalStateException("expected");
                            }));
                    Task<Void> stubborn = Task.spawn(() -> {
                        USER.set("bob");
                        try {
                            sleep(Duration.ofDays(1));
                        } catch (TaskCancelledException swallowed) {
                            USER.set("carl");
                        }
                    });
                    yieldNow();
                    stubborn.cancel();
                    await(stubborn);
                    contextOf("dora")
                            .run(() -> Task.spawn(() -> {
                                throw new IllegalStateException("expected");
                            }));
                    yieldNow();
                });
        assertThat(seen)
                .containsExactly("CALLBACK_FAILED ann", "SWALLOWED_CANCELLATION carl", "UNOBSERVED_FAILURE dora");
    }

    // ---- beside the loop

    @Test
    void onAHostsThreadBesideTheLoopNothingCanBeSet() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        try {
            Loop loop = Loop.on(host);
            loop.spawn(() -> {}).get(20, TimeUnit.SECONDS);
            String error = host.submit(() -> {
                        try {
                            USER.set("ann");
                            return "no error";
                        } catch (LoopMisuseException expected) {
                            return expected.getMessage() + user();
                        }
                    })
                    .get(20, TimeUnit.SECONDS);
            assertThat(error)
                    .startsWith(
                            "what a host runs beside the loop has no context of its own\n  call:   set(...) of context variable user\n")
                    .endsWith("remedy: set it in a task or a callback of the loopnobody");
        } finally {
            host.shutdown();
        }
    }

    // ---- foreign context and thread locals

    private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();

    private static final ContextCapture LOCALS = () -> {
        String captured = LOCAL.get();
        return captured == null
                ? ContextCapture.Snapshot.NOTHING
                : () -> {
                    String before = LOCAL.get();
                    LOCAL.set(captured);
                    return () -> LOCAL.set(before);
                };
    };

    @Test
    void foreignContextIsCarriedToWhateverIsStarted() {
        List<String> seen = new CopyOnWriteArrayList<>();
        List<String> left = Loop.builder().contextCapture(LOCALS).run(() -> {
            LOCAL.set("here");
            Loop loop = Loop.current();
            loop.execute(() -> seen.add("callback " + LOCAL.get()));
            Future.completed("x").thenRun(() -> seen.add("stage " + LOCAL.get()));
            Task<Void> child = Task.spawn(() -> {
                yieldNow();
                seen.add("task " + LOCAL.get());
                LOCAL.set("child");
            });
            await(child);
            await((Awaitable<String>) promise -> promise.complete(LOCAL.get() + seen.add("source " + LOCAL.get())));
            blocking(() -> seen.add("job " + LOCAL.get()));
            LOCAL.remove();
            loop.execute(() -> seen.add("left " + LOCAL.get()));
            yieldNow();
            return List.copyOf(seen);
        });
        assertThat(left)
                .containsExactly("callback here", "stage here", "task here", "source here", "job here", "left null");
    }

    @Test
    void whatACheckedBodyThrowsInForeignContextArrives() {
        Loop.builder().contextCapture(LOCALS).run(() -> {
            LOCAL.set("here");
            Task<Void> failing = Task.spawn(() -> {
                throw new java.io.IOException("expected");
            });
            assertThatThrownBy(() -> await(failing)).hasCauseInstanceOf(java.io.IOException.class);
            Task<Void> cancelled = Task.spawn(() -> sleep(Duration.ofDays(1)));
            yieldNow();
            cancelled.cancel("enough");
            assertThatThrownBy(() -> await(cancelled))
                    .isInstanceOf(TaskCancelledException.class)
                    .hasMessage("enough");
            assertThat(cancelled.isCancelled()).isTrue();
        });
    }

    @LoopTest(foreignThreads = true)
    void aThreadThatCopiesATasksHandlerIsNoTask(Loop loop) throws InterruptedException {
        List<Object> seen = new CopyOnWriteArrayList<>();
        Thread copy = new Thread(() -> seen.add(Task.currentOrNull() == null && !loop.isOnLoop()));
        copy.setUncaughtExceptionHandler(Thread.currentThread().getUncaughtExceptionHandler());
        copy.start();
        copy.join();
        assertThat(seen).containsExactly(true);
    }

    @LoopTest
    void soItIsInACallback(Loop loop, Reports reports) {
        IllegalStateException failure = new IllegalStateException("expected");
        loop.callSoon(() -> {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
        });
        yieldNow();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(failure);
        assertThat(report.message()).startsWith("a library could not deliver a failure on its thread: ");
    }

    @Test
    void aThreadThatALoopHasBorrowedHasItsOwnHandlerAfterwards() {
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
        Loop.run(() -> {});
        assertThat(thread.getUncaughtExceptionHandler()).isSameAs(before);
        Thread.UncaughtExceptionHandler mine = (where, failure) -> {};
        thread.setUncaughtExceptionHandler(mine);
        try {
            Loop.run(() -> {});
            assertThat(thread.getUncaughtExceptionHandler()).isSameAs(mine);
        } finally {
            thread.setUncaughtExceptionHandler(null);
        }
    }

    @LoopTest
    void aFailureThatALibraryHandsToTheThreadsHandlerIsReported(Reports reports) {
        IllegalStateException failure = new IllegalStateException("expected");
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, failure); // as RxJava and kotlinx do
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isSameAs(failure);
        assertThat(report.message()).startsWith("a library could not deliver a failure on the thread of test: ");
    }

    @LoopTest
    void aThreadLocalStaysWithItsTask(Loop loop, Trail trail) {
        for (String name : List.of("a", "b")) {
            Task.spawn(() -> {
                trail.mark("first " + LOCAL.get());
                LOCAL.set(name);
                yieldNow();
                trail.mark(name + LOCAL.get());
                sleep(Duration.ofMillis(1));
                trail.mark(name + LOCAL.get());
            });
        }
        sleep(Duration.ofMillis(2));
        loop.execute(() -> trail.mark("loop " + LOCAL.get()));
        yieldNow();
        assertThat(LOCAL.get()).isNull();
        assertThat(trail.marks()).containsExactly("first null", "first null", "aa", "bb", "aa", "bb", "loop null");
    }
}
