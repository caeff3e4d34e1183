package io.coloop.stream;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** A source that does what a test says, and remembers what it was told. Thread-safe as far as its subscriber is. */
final class Probe<T> implements Flow.Publisher<T>, Flow.Subscription {
    final List<String> told = Collections.synchronizedList(new ArrayList<>());
    final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    volatile Flow.Subscriber<? super T> to;
    volatile long requested;
    private Consumer<Flow.Subscriber<? super T>> onSubscribe = subscriber -> subscriber.onSubscribe(this);
    private LongConsumer onRequest = n -> {};
    private Runnable onCancel = () -> {};

    static <T> Probe<T> create() {
        return new Probe<>();
    }

    /** Instead of giving a subscription at once. */
    Probe<T> onSubscribe(Consumer<Flow.Subscriber<? super T>> action) {
        onSubscribe = action;
        return this;
    }

    Probe<T> onRequest(LongConsumer action) {
        onRequest = action;
        return this;
    }

    Probe<T> onCancel(Runnable action) {
        onCancel = action;
        return this;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> subscriber) {
        hears("subscribe");
        to = subscriber;
        onSubscribe.accept(subscriber);
    }

    @Override
    public void request(long n) {
        hears("request " + n);
        requested += n;
        onRequest.accept(n);
    }

    @Override
    public void cancel() {
        hears("cancel");
        onCancel.run();
    }

    private void hears(String what) {
        told.add(what);
        threads.add(Thread.currentThread());
    }

    @SafeVarargs
    final void next(T... items) {
        for (T item : items) {
            to.onNext(item);
        }
    }

    void complete() {
        to.onComplete();
    }

    void fail(Throwable failure) {
        to.onError(failure);
    }

    @Override
    public String toString() {
        return "the probe";
    }
}
