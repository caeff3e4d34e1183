package io.coloop.stream;

import io.coloop.Loop;
import io.coloop.Task;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A subscriber that remembers its signals, and where they were made. Thread-safe. */
final class Recorder<T> implements Flow.Subscriber<T> {
    final List<String> signals = Collections.synchronizedList(new ArrayList<>());
    final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    final List<Boolean> inTask = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch ended = new CountDownLatch(1);
    volatile Flow.Subscription subscription;
    volatile Throwable failure;
    private final long first;
    private Consumer<T> onNext = item -> {};
    private Runnable onEnd = () -> {};

    /**
     * @param first what it asks for at once; 0 is nothing
     */
    Recorder(long first) {
        this.first = first;
    }

    Recorder<T> onNext(Consumer<T> action) {
        onNext = action;
        return this;
    }

    Recorder<T> onEnd(Runnable action) {
        onEnd = action;
        return this;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (first != 0) {
            given.request(first);
        }
    }

    @Override
    public void onNext(T item) {
        seen(String.valueOf(item));
        onNext.accept(item);
    }

    @Override
    public void onError(Throwable thrown) {
        failure = thrown;
        seen("failed: " + thrown.getMessage());
        ended.countDown();
        onEnd.run();
    }

    @Override
    public void onComplete() {
        seen("complete");
        ended.countDown();
        onEnd.run();
    }

    private void seen(String signal) {
        threads.add(Thread.currentThread());
        inTask.add(Loop.currentOrNull() == null ? null : Task.currentOrNull() != null);
        signals.add(signal);
    }

    void request(long n) {
        subscription.request(n);
    }

    void cancel() {
        subscription.cancel();
    }

    /** Waits for the end, on a thread that is no loop's. */
    void awaitEnd() {
        try {
            if (!ended.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("no end; so far " + signals);
            }
        } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
        }
    }
}
