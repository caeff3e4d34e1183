package io.coloop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Turns a loop on the one thread of a host, and on a thread of its own once the host is lost. */
final class HostedDriver extends Driver {
    /*
     * idle -> requested -> in a turn -> idle | requested
     *
     *   idle        the inbox sleeps; an alarm is armed on the host if a timer is
     *   requested   a turn is queued on the host: by schedule(0) from its own thread, so that a host polls its I/O before it, and by execute from
     *               others
     *
     * lost is final. The host refused a turn, was shut down, or ran a turn on another thread. A rescue thread then says so, waits until a host that was
     * shut down has ended (or the loop's time limit is over), takes the lock that each turn holds, and closes the loop: tasks are cancelled and
     * unwound there.
     */
    private static final Map<ScheduledExecutorService, Loop> ATTACHED = new ConcurrentHashMap<>();
    private static final String SHUT_DOWN = "its host was shut down before the loop was closed";
    private static final long WATCH_MILLIS = 500;
    private static final long MAX_ALARM_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Loop loop;
    private final ScheduledExecutorService host;
    private final ReentrantLock turning = new ReentrantLock();
    private final AtomicBoolean lost = new AtomicBoolean();
    private volatile @Nullable Thread thread; // written under `turning`
    private boolean inTurn; // the loop's
    private boolean turnRequested; // the loop's
    private @Nullable ScheduledFuture<?> alarm; // the loop's
    private long alarmDeadline = Long.MAX_VALUE; // the loop's

    private HostedDriver(Loop loop, ScheduledExecutorService host) {
        this.loop = loop;
        this.host = host;
    }

    /** The host's loop, or null if it has none. */
    static @Nullable Loop attached(ScheduledExecutorService host) {
        Loop here = Loop.currentOrNull();
        if (here != null && here.driver() instanceof HostedDriver driver && driver.host == host) {
            return here;
        }
        Loop known = ATTACHED.get(host);
        return known == null || known.isClosed() ? null : known;
    }

    /** The host's loop, attached now if it is not yet. */
    static Loop attach(LoopBuilder settings, ScheduledExecutorService host) {
        return ATTACHED.compute(host, (same, known) -> {
            if (known != null && !known.isClosed()) { // one that has closed may not be detached yet
                return known;
            }
            Loop loop = new Loop(settings, created -> new HostedDriver(created, host));
            ((HostedDriver) loop.driver()).begin();
            return loop;
        });
    }

    private void begin() {
        try {
            host.execute(this::turn);
        } catch (RejectedExecutionException rejected) {
            throw Misuse.of(
                    "a host must accept work",
                    "Loop.on(" + host + "): " + rejected,
                    loop,
                    "attach the loop before the host is shut down");
        }
        loop.watch();
        Thread.ofVirtual().name(loop.name() + "-host-watch").start(this::watch);
    }

    private void watch() {
        try {
            while (!loop.isClosed() && !lost.get()) {
                if (host.awaitTermination(WATCH_MILLIS, TimeUnit.MILLISECONDS) || host.isShutdown()) {
                    lose(SHUT_DOWN, null);
                }
            }
        } catch (InterruptedException impossible) {
            throw new AssertionError("nobody has this thread", impossible);
        }
    }

    private void turn() {
        turning.lock();
        try {
            if (lost.get() || loop.isClosed() || !isOnTheOneThread()) {
                return;
            }
            turnRequested = false;
            inTurn = true;
            try {
                loop.turn();
            } finally {
                inTurn = false;
            }
            if (loop.closing().advance()) {
                detach();
            } else {
                prepareNextTurn();
            }
        } catch (Throwable broken) { // the clock threw, or memory ran out between two items
            loop.closing().breakDown(broken);
            detach();
        } finally {
            turning.unlock();
        }
    }

    private void detach() {
        ATTACHED.remove(host, loop);
        disarmAlarm();
    }

    private boolean isOnTheOneThread() {
        Thread current = Thread.currentThread();
        if (thread == null) {
            Loop other = Loop.currentOrNull();
            if (other != null) {
                lose("its host's thread has another loop already: " + other.name(), null);
                return false;
            }
            thread = current;
            loop.bind();
        } else if (thread != current) {
            lose(
                    "its host runs on more than one thread: " + thread + " and " + current
                            + " (pass one thread of it, such as Netty's group.next())",
                    null);
            return false;
        }
        return true;
    }

    private void prepareNextTurn() {
        if (loop.hasReady()) {
            requestTurn();
            return;
        }
        armAlarm(loop.nextDeadline());
        if (!loop.prepareToWait()) {
            requestTurn();
        }
    }

    private void requestTurn() {
        if (turnRequested) {
            return;
        }
        turnRequested = true;
        try {
            host.schedule(this::turn, 0, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException rejected) {
            lose("its host refused a turn", rejected);
        }
    }

    /** Never far ahead: a host that shuts down may wait for what is scheduled on it, even if that was cancelled. */
    private void armAlarm(long deadline) {
        if (deadline == Long.MAX_VALUE) {
            return;
        }
        long now = loop.time();
        long at = Math.min(Math.max(deadline, now), now + MAX_ALARM_NANOS);
        if (at >= alarmDeadline) {
            return;
        }
        disarmAlarm();
        alarmDeadline = at;
        try {
            alarm = host.schedule(this::alarm, at - now, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException rejected) {
            lose("its host refused a timer", rejected);
        }
    }

    private void disarmAlarm() {
        if (alarm != null) {
            alarm.cancel(false);
            alarm = null;
        }
    }

    private void alarm() {
        alarm = null;
        alarmDeadline = Long.MAX_VALUE;
        turn();
    }

    @Override
    @Nullable
    Thread thread() {
        return thread;
    }

    @Override
    void wake() {
        if (!lost.get()) {
            try {
                host.execute(this::turn);
                return;
            } catch (RejectedExecutionException rejected) {
                lose("its host refused a turn", rejected);
            }
        }
        LockSupport.unpark(thread);
    }

    @Override
    void changed() {
        if (!inTurn && !lost.get()) {
            requestTurn();
        }
    }

    @Override
    boolean inTurn() {
        return inTurn;
    }

    @Override
    boolean ownsThread() {
        return false;
    }

    private void lose(String why, @Nullable Throwable cause) {
        if (lost.compareAndSet(false, true)) {
            Thread.ofPlatform().name(loop.name() + "-rescue").start(() -> rescue(why, cause));
        }
    }

    private void rescue(String seen, @Nullable Throwable cause) {
        boolean ending = host.isShutdown();
        String why = ending ? SHUT_DOWN : seen;
        if (stopTurning() || !ending) {
            loop.report(new Report(
                    Report.Kind.HOST_LOST,
                    loop,
                    why + "; its tasks are cancelled and end on a rescue thread",
                    cause,
                    null,
                    null));
        }
        if (ending) {
            awaitHost();
        }
        ATTACHED.remove(host, loop);
        turning.lock();
        try {
            if (loop.isClosed()) {
                return;
            }
            thread = Thread.currentThread();
            loop.bind();
            loop.closing().begin(why);
            loop.cancelUnstarted(why);
            inTurn = true;
            OwnedDriver.turnUntilClosed(loop);
        } finally {
            turning.unlock();
        }
    }

    /** Whether the loop still had something to do. */
    private boolean stopTurning() {
        turning.lock();
        try {
            disarmAlarm();
            loop.standStill();
            return loop.hasWork();
        } finally {
            turning.unlock();
        }
    }

    /** Its last items may use the loop as their own. */
    private void awaitHost() {
        try {
            host.awaitTermination(Loop.nanos(loop.shutdownTimeout()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException impatient) {
            // go on at once
        }
    }
}
