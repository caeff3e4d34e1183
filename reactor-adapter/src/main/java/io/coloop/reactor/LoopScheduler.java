package io.coloop.reactor;

import io.coloop.Loop;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Scannable;
import reactor.core.scheduler.Scheduler;

/** A loop as a Reactor scheduler. Two of the same loop are equal; disposing one leaves the other and the loop alone. */
final class LoopScheduler implements Scheduler, Scannable {
    private final Loop loop;
    private final long epoch; // what is added to the loop's time to get the time of day, in nanoseconds
    private final Disposable.Composite workers = Disposables.composite();
    private final LoopWorker direct;

    LoopScheduler(Loop loop) {
        this.loop = loop;
        this.epoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - loop.time();
        this.direct = createWorker();
    }

    Loop loop() {
        return loop;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return direct.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return direct.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return direct.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public LoopWorker createWorker() {
        LoopWorker worker = new LoopWorker(this, loop, workers);
        workers.add(worker); // disposes it if this is disposed
        return worker;
    }

    @Override
    public long now(TimeUnit unit) {
        return unit.convert(epoch + loop.time(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void dispose() {
        workers.dispose();
    }

    @Override
    public boolean isDisposed() {
        return workers.isDisposed();
    }

    @Override
    @SuppressWarnings("rawtypes") // as it is declared
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.TERMINATED || key == Attr.CANCELLED ? isDisposed() : key == Attr.NAME ? toString() : null;
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
        return "Reactor.scheduler(" + loop.name() + ")";
    }
}
