package io.coloop.spring;

import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/** A scheduler that is made when it is first given work. */
record LazyScheduler(Supplier<Scheduler> made) implements Scheduler {
    @Override
    public Disposable schedule(Runnable action) {
        return made.get().schedule(action);
    }

    @Override
    public Worker createWorker() {
        return made.get().createWorker();
    }
}
