package io.coloop.rx;

import io.coloop.Loop;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.disposables.CompositeDisposable;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.schedulers.SchedulerRunnableIntrospection;
import java.util.concurrent.TimeUnit;

/** A loop as an RxJava scheduler. Two of the same loop are equal; shutting one down leaves the other and the loop alone. */
final class LoopScheduler extends Scheduler {
    private final Loop loop;
    private final long epoch; // what is added to the loop's time to get the time of day, in nanoseconds
    private final CompositeDisposable workers = new CompositeDisposable();
    private final LoopWorker direct;

    LoopScheduler(Loop loop) {
        this.loop = loop;
        this.epoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - loop.time();
        this.direct = createWorker();
    }

    @Override
    public Disposable scheduleDirect(Runnable run) {
        return direct.schedule(run);
    }

    @Override
    public Disposable scheduleDirect(Runnable run, long delay, TimeUnit unit) {
        return direct.schedule(run, delay, unit);
    }

    @Override
    public Disposable schedulePeriodicallyDirect(Runnable run, long initialDelay, long period, TimeUnit unit) {
        Disposable periodic = direct.schedulePeriodically(run, initialDelay, period, unit);
        return periodic == Disposable.disposed() ? periodic : new Periodic(periodic, run);
    }

    Loop loop() {
        return loop;
    }

    @Override
    public LoopWorker createWorker() {
        LoopWorker worker = new LoopWorker(loop, epoch, workers);
        workers.add(worker); // disposes of it if this is shut down
        return worker;
    }

    @Override
    public long now(TimeUnit unit) {
        return unit.convert(epoch + loop.time(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void shutdown() {
        workers.dispose();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LoopScheduler scheduler && scheduler.loop == loop;
    }

    @Override
    public int hashCode() {
        return loop.hashCode();
    }

    @Override
    public String toString() {
        return "Rx.scheduler(" + loop.name() + ")";
    }

    /** A periodic action that tools can look into, as into those of RxJava's own schedulers. */
    private record Periodic(Disposable action, Runnable run) implements Disposable, SchedulerRunnableIntrospection {
        @Override
        public void dispose() {
            action.dispose();
        }

        @Override
        public boolean isDisposed() {
            return action.isDisposed();
        }

        @Override
        public Runnable getWrappedRunnable() {
            return run;
        }
    }
}
