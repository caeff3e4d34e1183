package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.SerialQueue;
import io.coloop.TimerHandle;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Runs actions on a loop in the order in which they were given, whichever threads gave them. Thread-safe. */
final class LoopWorker implements Scheduler.Worker, Scannable {
    private final Scheduler scheduler;
    private final Loop loop;
    private final Disposable.Composite owner;
    private final SerialQueue queue;
    private final Disposable.Composite delayed = Disposables.composite(); // disposed with the worker

    LoopWorker(Scheduler scheduler, Loop loop, Disposable.Composite owner) {
        this.scheduler = scheduler;
        this.loop = loop;
        this.owner = owner;
        this.queue = SerialQueue.of(loop);
    }

    @Override
    public Disposable schedule(Runnable task) {
        Action action = new Action(task, 0, Action.ONCE);
        enqueue(action);
        return action;
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return delay <= 0 ? schedule(task) : start(new Action(task, unit.toNanos(delay), Action.ONCE));
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return start(new Action(task, unit.toNanos(initialDelay), Math.max(0, unit.toNanos(period))));
    }

    private Action start(Action action) {
        if (!delayed.add(action)) {
            throw Exceptions.failWithRejected();
        }
        if (loop.isOnLoop() && queue.isEmpty()) {
            action.arm();
            return action;
        }
        try {
            enqueue(action::arm); // behind what is on its way, for the order of equal deadlines
        } catch (RejectedExecutionException rejected) {
            action.end();
            throw rejected;
        }
        return action;
    }

    private void enqueue(Runnable step) {
        if (isDisposed()) {
            throw Exceptions.failWithRejected();
        }
        try {
            queue.add(step);
        } catch (LoopClosedException closed) {
            throw Exceptions.failWithRejected(closed);
        }
    }

    @Override
    public void dispose() {
        owner.remove(this);
        delayed.dispose();
    }

    @Override
    public boolean isDisposed() {
        return delayed.isDisposed();
    }

    @Override
    @SuppressWarnings("rawtypes") // as it is declared
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.TERMINATED || key == Attr.CANCELLED) {
            return isDisposed();
        }
        if (key == Attr.BUFFERED) {
            return queue.size();
        }
        return key == Attr.PARENT ? scheduler : key == Attr.NAME ? scheduler + ".worker" : null;
    }

    /** One action. Disposing it never interrupts: the thread is everybody's. */
    private final class Action implements Runnable, Disposable {
        static final long ONCE = -1;

        private volatile @Nullable Runnable task; // null once it is done or disposed
        private final boolean timed;
        private final long period; // in nanoseconds; 0 is once a turn
        private long deadline; // the loop's time
        private @Nullable TimerHandle timer; // the loop's

        Action(Runnable task, long delay, long period) {
            this.task = Schedulers.onSchedule(Objects.requireNonNull(task, "task"));
            this.timed = delay > 0 || period != ONCE;
            this.period = period;
            this.deadline = timed ? saturated(loop.time(), Math.max(0, delay)) : 0;
        }

        private static long saturated(long time, long delay) {
            long sum = time + delay;
            return sum < time ? Long.MAX_VALUE : sum;
        }

        @Override
        public void run() {
            Runnable due = task;
            if (due == null || LoopWorker.this.isDisposed()) {
                return;
            }
            timer = null;
            try {
                due.run();
            } finally {
                if (period == ONCE) {
                    end();
                } else {
                    repeat();
                }
            }
        }

        private void repeat() {
            if (isDisposed() || loop.isClosed()) {
                end();
            } else if (period == 0) {
                queue.add(this);
            } else {
                deadline = saturated(deadline, period);
                arm();
            }
        }

        /** On the loop. */
        void arm() {
            if (loop.isClosed()) {
                end(); // as all timers do
            } else if (!isDisposed()) {
                timer = loop.callAt(deadline, this);
            }
        }

        private void end() {
            task = null;
            if (timed) {
                delayed.remove(this);
            }
        }

        @Override
        public void dispose() {
            boolean pending = task != null;
            end();
            if (pending && timed) {
                disarm();
            }
        }

        private void disarm() {
            if (!loop.isOnLoop()) {
                try {
                    loop.execute(this::disarm);
                } catch (LoopClosedException closed) {
                    // its timers are gone
                }
            } else if (timer != null) {
                timer.cancel();
            }
        }

        @Override
        public boolean isDisposed() {
            return task == null;
        }
    }
}
