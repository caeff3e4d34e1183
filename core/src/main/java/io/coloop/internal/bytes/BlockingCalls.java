package io.coloop.internal.bytes;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Calls that block, on another thread and one at a time, on a descriptor that is closed only between them: else a call that is just about to begin could hit the next one to have its number. */
final class BlockingCalls {
    /*
     * idle -> under way -> idle
     *
     *   idle -> under way    start: a thread has it
     *   under way -> idle    it has ended and the loop knows; whoever waits goes on. A waiter that was cancelled leaves it alone
     *
     * close() is at once for the loop; for the descriptor it is when no call is left, on a thread too: it may block. A call that a thread has yet to begin is made.
     *
     * Fields without a remark belong to the loop.
     */
    private static final int LAST_CALL_TICKS =
            10; // a second in parts, so that it is not over when the whole JVM was held for that long
    private static final int TICK_MILLIS = 100;

    private final Loop loop;
    private final Executor threads;
    private final Closeable descriptor;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean within; // guarded by lock: a call was started and has not left the descriptor
    private boolean closed; // guarded by lock; written on the loop
    private boolean underway;
    private int started; // so many calls
    private int result;
    private @Nullable Throwable failure;
    private boolean lastCall;
    private boolean expired;
    private @Nullable Promise<@Nullable Void> waiter;

    /**
     * @param threads runs all that it is given
     * @param descriptor what to close in the end; a failure to do so is nobody's
     */
    BlockingCalls(Loop loop, Executor threads, Closeable descriptor) {
        this.loop = loop;
        this.threads = threads;
        this.descriptor = descriptor;
    }

    Loop loop() {
        return loop;
    }

    /** Only when none is under way; {@code afterwards} runs when it has ended. */
    void start(Callable<Integer> call, Runnable afterwards) {
        underway = true;
        started++;
        lock.lock();
        try {
            within = true;
        } finally {
            lock.unlock();
        }
        threads.execute(() -> run(call, afterwards));
        if (lastCall) {
            expire(LAST_CALL_TICKS, started);
        }
    }

    boolean isUnderway() {
        return underway;
    }

    private void run(Callable<Integer> call, Runnable afterwards) {
        int count = -1;
        Throwable thrown = null;
        try {
            count = call.call();
        } catch (Throwable refused) {
            thrown = refused;
        } finally {
            leave();
        }
        int counted = count;
        Throwable failed = thrown;
        try {
            loop.execute(() -> ended(counted, failed, afterwards));
        } catch (LoopClosedException over) {
            // nobody waits
        }
    }

    private void leave() {
        boolean close;
        lock.lock();
        try {
            within = false;
            close = closed;
        } finally {
            lock.unlock();
        }
        if (close) {
            closeDescriptor();
        }
    }

    private void ended(int count, @Nullable Throwable failed, Runnable afterwards) {
        underway = false;
        result = count;
        failure = failed;
        wake();
        afterwards.run();
    }

    /** From now on none takes longer than a second: then it {@linkplain #isExpired expires}, and goes on for nobody. */
    void lastCall() {
        lastCall = true;
        if (underway) {
            expire(LAST_CALL_TICKS, started);
        }
    }

    private void expire(int ticks, int call) {
        CompletableFuture.delayedExecutor(TICK_MILLIS, TimeUnit.MILLISECONDS).execute(() -> {
            try {
                loop.execute(() -> tick(ticks - 1, call));
            } catch (LoopClosedException over) {
                // nobody waits
            }
        });
    }

    private void tick(int ticks, int call) {
        if (underway && started == call && isOpen()) {
            if (ticks > 0) {
                expire(ticks, call);
            } else {
                expired = true;
                wake();
            }
        }
    }

    boolean isExpired() {
        return expired;
    }

    /** Waits until none is under way, or for {@link #wake}. */
    void await() {
        Promise<@Nullable Void> mine = Promise.create();
        waiter = mine;
        try {
            Await.awaitOutside(mine.future());
        } finally {
            if (waiter == mine) {
                waiter = null;
            }
        }
    }

    /** Lets the waiter look again. */
    void wake() {
        Promise<@Nullable Void> waiting = waiter;
        if (waiting != null) {
            waiter = null;
            waiting.complete(null);
        }
    }

    /** What the latest returned, or an exception as it threw it. */
    int result() throws IOException {
        Throwable failed = failure;
        failure = null;
        if (failed instanceof IOException refused) {
            throw refused;
        }
        if (failed instanceof RuntimeException misused) {
            throw misused;
        }
        if (failed != null) {
            throw new IOException(failed);
        }
        return result;
    }

    /** Whether the latest got something. */
    boolean hasResult() {
        return result > 0;
    }

    boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Who waits finds it closed. Does not wait for the call that is under way. Idempotent. */
    void close() {
        boolean now;
        lock.lock();
        try {
            now = !closed && !within;
            closed = true;
        } finally {
            lock.unlock();
        }
        if (now) {
            threads.execute(this::closeDescriptor);
        }
        if (!loop.isClosed()) {
            wake();
        }
    }

    private void closeDescriptor() {
        try {
            descriptor.close();
        } catch (IOException nobodysBusiness) {
            // what was written is written
        }
    }
}
