package io.coloop.rx;

import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.SerialQueue;
import io.coloop.TimerHandle;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.disposables.CompositeDisposable;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import io.reactivex.rxjava3.schedulers.SchedulerRunnableIntrospection;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs actions on a loop in the order in which they were given, whichever threads gave them. Thread-safe. */
final class LoopWorker extends Scheduler.Worker {
    /*
     * Periods are the base class's, built on schedule and now.
     */
    private final Loop loop;
    private final long epoch;
    private final CompositeDisposable owner;
    private final SerialQueue queue;
    private final CompositeDisposable delayed = new CompositeDisposable(); // disposed with the worker

    LoopWorker(Loop loop, long epoch, CompositeDisposable owner) {
        this.loop = loop;
        this.epoch = epoch;
        this.owner = owner;
        this.queue = SerialQueue.of(loop);
    }

    @Override
    public Disposable schedule(Runnable run) {
        return schedule(run, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public Disposable schedule(Runnable run, long delay, TimeUnit unit) {
        Action action = new Action(run, unit.toNanos(delay));
        boolean ending = loop.isClosed() && loop.isOnLoop(); // a period ends with its loop, without a word
        if (ending || isDisposed() || (action.timed && !delayed.add(action))) {
            return Disposable.disposed();
        }
        if (!action.timed) {
            return enqueue(action, action);
        }
        if (loop.isOnLoop() && queue.isEmpty()) {
            action.arm();
            return action;
        }
        return enqueue(action, action::arm); // behind what is on its way, for the order of equal deadlines
    }

    private Disposable enqueue(Action action, Runnable step) {
        try {
            queue.add(step);
            return action;
        } catch (LoopClosedException closed) {
            action.end();
            RxJavaPlugins.onError(closed);
            return Disposable.disposed();
        }
    }

    @Override
    public long now(TimeUnit unit) {
        return unit.convert(epoch + loop.time(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void dispose() {
        owner.delete(this);
        delayed.dispose();
    }

    @Override
    public boolean isDisposed() {
        return delayed.isDisposed();
    }

    /** One action. Disposing of it never interrupts: the thread is everybody's. */
    private final class Action implements Runnable, Disposable, SchedulerRunnableIntrospection {
        private volatile @Nullable Runnable task; // null once it is done or disposed
        private final boolean timed;
        private final long deadline; // the loop's time
        private @Nullable TimerHandle timer; // the loop's

        Action(Runnable task, long delay) {
            this.task = RxJavaPlugins.onSchedule(Objects.requireNonNull(task, "run"));
            this.timed = delay > 0;
            this.deadline = timed ? saturated(loop.time(), delay) : 0;
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
            } catch (Throwable failure) {
                RxJavaPlugins.onError(failure);
                throw failure; // to the loop's report
            } finally {
                end();
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

        void end() {
            task = null;
            if (timed) {
                delayed.delete(this);
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

        @Override
        public Runnable getWrappedRunnable() {
            return Objects.requireNonNullElse(task, () -> {});
        }
    }
}
