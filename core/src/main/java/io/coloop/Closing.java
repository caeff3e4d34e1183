package io.coloop;

import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How a loop ends. */
final class Closing {
    /*
     * RUNNING -> CLOSING -> CLOSED
     *
     *   RUNNING   begin() -> CLOSING, and the time limit starts
     *   CLOSING   the loop turns on and takes work. After each turn advance() waits for the first of these that is there:
     *               a close hook that runs   it, and whatever works for it
     *               tasks, subscriptions     they are cancelled, in rounds
     *               ready items              they run
     *               close hooks              the newest starts
     *               blocking jobs            those that nobody cancelled may go on
     *               nothing -> CLOSED
     *             limit: what is left is reported and given up -> CLOSED
     *   CLOSED    everything is refused; callbacks run on the threads that complete or register
     *
     * breakDown() goes to CLOSED from anywhere.
     *
     * Fields without a remark belong to the loop's thread.
     */
    private enum Phase {
        RUNNING,
        CLOSING,
        CLOSED
    }

    private static final long HELD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Loop loop;
    private final AfterClose afterClose;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Phase phase = Phase.RUNNING; // written by the loop
    private String reason = "the loop is closing"; // why its tasks are cancelled
    private long deadline; // of the loop's time
    private @Nullable CloseHook hook; // the one that runs
    private boolean alarmSet;
    private @Nullable String limit; // when what is left should have ended, once that is over

    Closing(Loop loop) {
        this.loop = loop;
        this.afterClose = new AfterClose(loop);
    }

    /** Whether it has not begun. */
    boolean isRunning() {
        return phase == Phase.RUNNING;
    }

    /** Whether the loop has ended. Any thread. */
    boolean isClosed() {
        return phase == Phase.CLOSED;
    }

    /** Waits for the end; false if the time is over first. An interrupt is kept for afterwards. Any thread. */
    boolean awaitEnd(long nanos) {
        return Waiting.uninterruptibly(ended, nanos);
    }

    /** Waits for the end, at most a second longer than it should take, and reports it then. An interrupt is kept for afterwards. Any thread. */
    void awaitEndOrGiveUp(long nanos) {
        if (!awaitEnd(Math.min(nanos, Long.MAX_VALUE - HELD_NANOS) + HELD_NANOS)) {
            loop.report(new Report(
                    Report.Kind.LEFT_AT_CLOSE,
                    loop,
                    "something holds the loop, so it cannot close; its thread is given up",
                    null,
                    loop.running(),
                    null));
        }
    }

    /** Waits for the end; false if the time is over first. Any thread. */
    boolean awaitEndInterruptibly(long nanos) throws InterruptedException {
        return ended.await(nanos, TimeUnit.NANOSECONDS);
    }

    /** Runs an item that the closed loop refused. Any thread. */
    void runAfterwards(Runnable item) {
        afterClose.run(item);
    }

    /** Why what others hold is cancelled, who do not know of which loop it is. */
    String reasonForOthers() {
        return loop.name() + ": " + reason;
    }

    void begin() {
        begin(reason);
    }

    /** Begins the end, if it has not begun; the tasks are cancelled for this reason. */
    void begin(String why) {
        if (phase == Phase.RUNNING) {
            phase = Phase.CLOSING;
            reason = why;
            long timeout = Loop.nanos(loop.shutdownTimeout());
            deadline = loop.deadlineAfter(timeout);
            loop.arm(timeout, this::timeIsUp);
        }
    }

    /**
     * Ends the loop without waiting for what is left. Any thread.
     *
     * @param when until when it should have ended
     */
    void stop(String when) {
        loop.offer(() -> {
            begin();
            limit = when;
        });
    }

    private void timeIsUp() {
        limit = "within " + loop.shutdownTimeout() + " after the loop began to close";
    }

    /** After a turn: takes the next step of a closing loop; true once it is closed. */
    boolean advance() {
        if (phase != Phase.CLOSING || (limit == null && !nothingLeft())) {
            return false;
        }
        end();
        return true;
    }

    private boolean nothingLeft() {
        if (hookRuns()) {
            return false;
        }
        if (loop.alive().count() > 0 || loop.subscriptions().count() > 0) {
            if (loop.alive().cancelInRounds(reason)) {
                loop.subscriptions().cancelAll(reasonForOthers());
            }
            return false;
        }
        if (loop.hasReady() || startHook()) {
            return false;
        }
        if (!loop.blockingJobs().isIdle()) {
            setAlarm();
            return false;
        }
        if (!loop.closeHooks().closeIfEmpty()) {
            startHook(); // it came just now
            return false;
        }
        return loop.blockingJobs().closeIfIdle();
    }

    private boolean hookRuns() {
        if (hook != null && hook.isOver()) {
            Throwable failure = hook.failure();
            if (failure != null) {
                loop.report(new Report(
                        Report.Kind.CALLBACK_FAILED,
                        loop,
                        "a close hook failed: " + Report.brief(failure),
                        failure,
                        null,
                        null));
            }
            hook = null;
        }
        return hook != null;
    }

    private boolean startHook() {
        CloseHook next = loop.closeHooks().takeNewest();
        if (next == null) {
            return false;
        }
        hook = next;
        loop.runItem(() -> next.start(loop));
        return true;
    }

    /** Jobs take real time, and a loop with another clock does not see it pass. */
    private void setAlarm() {
        if (!alarmSet) {
            alarmSet = true;
            long left = deadline - loop.time();
            Thread.ofVirtual().name(loop.name() + "-close-limit").start(() -> {
                if (!awaitEnd(left)) {
                    loop.offer(this::timeIsUp);
                }
            });
        }
    }

    /** The turning itself failed: ends the loop at once, without the time that its tasks would have. */
    void breakDown(Throwable failure) {
        loop.report(new Report(
                Report.Kind.LOOP_FAILED,
                loop,
                "the loop ends because of " + Report.brief(failure),
                failure,
                null,
                null));
        limit = "before the loop broke down";
        end();
    }

    private void end() {
        if (limit != null) {
            giveUpWhatIsLeft(limit);
        }
        loop.subscriptions().cancelAll(reasonForOthers());
        phase = Phase.CLOSED;
        afterClose.run(loop::runRest); // one at a time with, and before, what other threads run from now on
        loop.dropRest();
        loop.unbind();
        ended.countDown();
    }

    private void giveUpWhatIsLeft(String when) {
        CloseHook begun = hook != null && !hook.isOver() ? hook : null;
        for (Task<?> task = loop.alive().newest();
                task != null;
                task = loop.alive().newest()) {
            reportLeft(task.name() + " did not end " + when, task);
            task.giveUp();
        }
        if (begun != null) {
            begun.giveUp(loop);
        }
        for (CloseHook left : loop.closeHooks().close()) {
            reportLeft(left + " did not run " + when, null);
            left.giveUp(loop);
        }
        loop.blockingJobs().giveUp(when);
    }

    private void reportLeft(String message, @Nullable Task<?> task) {
        loop.report(new Report(Report.Kind.LEFT_AT_CLOSE, loop, message, null, task, null));
    }

    /** The phase, in lower case. */
    @Override
    public String toString() {
        return phase.name().toLowerCase(Locale.ROOT);
    }
}
