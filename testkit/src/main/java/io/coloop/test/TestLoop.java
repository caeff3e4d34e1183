package io.coloop.test;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.Report;
import io.coloop.Task;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.InvocationInterceptor;

/** The loop of one test, and what watches it. */
final class TestLoop {
    private static final long LIMIT_SECONDS = 30;
    private static final String CHECK = "check for leftovers";
    private static final int SETTLING_TURNS = 1_000;

    final VirtualClock clock = new VirtualClock();
    final Trail trail = new Trail();
    final Reports reports = new Reports();
    final Loop loop;
    final Confinement confinement;
    private volatile @Nullable Task<?> body;

    TestLoop(String name, OptionalLong seed) {
        LoopBuilder builder = Loop.builder()
                .name(name)
                .clock(clock)
                .debug(true)
                .slowItem(Duration.ZERO) // its clock is the machine's
                .silence(Duration.ofDays(1)) // at once where the clock knows that nothing else runs
                .exceptionHandler(this::take);
        seed.ifPresent(builder::shuffle);
        loop = builder.start();
        confinement = new Confinement(loop);
    }

    private void take(Report report) {
        reports.add(report);
        Task<?> waiting = body;
        if (report.kind() == Report.Kind.SILENCE && waiting != null) {
            waiting.cancel("the test waits for ever");
        }
    }

    /** Runs the test's body as a task; {@code alone} if no undeclared thread takes part. */
    void run(InvocationInterceptor.Invocation<Void> invocation, boolean alone) throws Throwable {
        Task<Void> test = loop.spawn("test", () -> {
            body = Task.current(); // here, since the loop may fall silent before spawn has returned
            clock.alone(alone);
            try {
                return invocation.proceed();
            } finally {
                clock.alone(false);
                clock.stop(true);
            }
        });
        try {
            await(test);
        } catch (CancellationException cancelled) {
            throw reports.silence()
                    .map(report -> new AssertionError(
                            "the test waits for ever; declare work outside the loop with VirtualClock.foreign(loop),"
                                    + " and give what delays the loop's scheduler\n"
                                    + report.message(),
                            cancelled))
                    .<Throwable>map(Function.identity())
                    .orElse(cancelled);
        }
    }

    /**
     * Closes the loop; throws what the test did wrong until now. What it left behind counts only if it passed.
     *
     * @param mayLeaveHooks whether close hooks may be left to the loop's end
     */
    void end(boolean passed, boolean mayLeaveHooks) {
        String left = "";
        if (!loop.isClosed()) {
            clock.stop(true);
            try {
                left = passed ? await(loop.spawn(CHECK, () -> leftovers(mayLeaveHooks))) : "";
            } catch (Throwable failure) {
                left = "the loop could not be checked: " + failure;
            }
            clock.stop(false);
            loop.close();
        }
        AssertionError offLoop = confinement.failure();
        List<Report> untaken = reports.take();
        if (passed && !(left.isEmpty() && untaken.isEmpty())) {
            AssertionError failure = new AssertionError("the test left something behind:" + left
                    + list(
                            "reports",
                            untaken.size(),
                            untaken.stream().map(report -> report.kind() + ": " + report.message())));
            untaken.stream().map(Report::failure).filter(Objects::nonNull).forEach(failure::addSuppressed);
            if (offLoop == null) {
                throw failure;
            }
            offLoop.addSuppressed(failure);
        }
        if (offLoop != null) {
            throw offLoop;
        }
    }

    private String leftovers(boolean mayLeaveHooks) {
        for (int turn = 0; turn < SETTLING_TURNS && loop.readyCount() > 0; turn++) {
            Await.yieldNow();
        }
        int tasks = loop.taskCount() - 1;
        List<VirtualClock.ForeignOperation> foreign = clock.foreignOperations();
        boolean nothing = tasks == 0
                && loop.readyCount() == 0
                && loop.timerCount() == 0
                && loop.subscriptionCount() == 0
                && (mayLeaveHooks || loop.closeHookCount() == 0)
                && foreign.isEmpty();
        return nothing
                ? ""
                : list("tasks", tasks, tasks())
                        + list("ready items", loop.readyCount(), resources("callback"))
                        + list("timers", loop.timerCount(), resources("timer"))
                        + list("subscriptions", loop.subscriptionCount(), resources("subscription"))
                        + list("close hooks", loop.closeHookCount(), resources("close hook"))
                        + list(
                                "foreign operations",
                                foreign.size(),
                                foreign.stream().map(Object::toString));
    }

    /** Who they are and what they wait for, but not the one that looks. */
    private Stream<String> tasks() {
        return loop.dump()
                .lines()
                .skip(1)
                .map(line -> line.substring(2))
                .filter(line -> !line.startsWith(CHECK + " is running"));
    }

    private Stream<String> resources(String kind) {
        return loop.activeResources().stream().filter(line -> line.startsWith(kind));
    }

    private static String list(String what, int count, Stream<String> lines) {
        return count == 0
                ? ""
                : "\n  " + what + ": " + count
                        + lines.map(line -> "\n    " + line).collect(Collectors.joining());
    }

    private <T> T await(Task<T> task) throws Throwable {
        try {
            return task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause();
        } catch (TimeoutException stuck) {
            throw new AssertionError(
                    task + " did not end within " + LIMIT_SECONDS + " s; " + clock + "; " + loop.dump(), stuck);
        }
    }
}
