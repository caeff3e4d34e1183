package io.coloop.rx;

import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Observer;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.exceptions.MissingBackpressureException;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Brings the signals of an Observable to a subscriber with demand, and never blocks the thread that emits.
 *
 * <p>RxJava's own {@code toFlowable(strategy)} drops what it has buffered, or what came too much, without a word; here every item is delivered or disposed of.
 */
abstract sealed class Overflow<T> implements Observer<T>, Flow.Subscription {
    final Flow.Subscriber<? super T> to;
    final BackpressureStrategy strategy;
    final Undelivered<? super T> undelivered;
    private final AtomicLong requested = new AtomicLong();
    private @Nullable Disposable from; // set before the first request

    private Overflow(Flow.Subscriber<? super T> to, BackpressureStrategy strategy, Undelivered<? super T> undelivered) {
        this.to = to;
        this.strategy = strategy;
        this.undelivered = undelivered;
    }

    @Override
    public final void onSubscribe(Disposable given) {
        Objects.requireNonNull(given, "subscription");
        if (from != null) {
            given.dispose();
            RxJavaPlugins.onError(new ProtocolViolationException("an Observable called onSubscribe twice"));
            return;
        }
        from = given;
        to.onSubscribe(this);
    }

    @Override
    public final void onNext(T item) {
        if (item == null) {
            NullPointerException rule = new NullPointerException("a stream's item must not be null");
            disposeOfSource();
            onError(rule);
            throw rule;
        }
        receive(item);
    }

    abstract void receive(T item);

    @Override
    public void request(long n) {
        requested.accumulateAndGet(n, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
    }

    @Override
    public void cancel() {
        disposeOfSource();
    }

    final void disposeOfSource() {
        if (from != null) {
            from.dispose();
        }
    }

    final boolean isAskedFor() {
        return requested.get() > 0;
    }

    /** Takes one item's demand; false if there is none. */
    final boolean takeDemand() {
        return requested.getAndUpdate(now -> now == 0 || now == Long.MAX_VALUE ? now : now - 1) > 0;
    }

    /** MISSING, DROP and ERROR: each item goes on at once, or not at all. */
    static final class Passing<T> extends Overflow<T> {
        private boolean overflown; // the source's

        Passing(Flow.Subscriber<? super T> to, BackpressureStrategy strategy, Undelivered<? super T> undelivered) {
            super(to, strategy, undelivered);
        }

        @Override
        void receive(T item) {
            if (overflown) {
                undelivered.value(item);
            } else if (strategy == BackpressureStrategy.MISSING || takeDemand()) {
                to.onNext(item);
            } else if (strategy == BackpressureStrategy.DROP) {
                undelivered.unwanted(item);
            } else {
                overflown = true;
                disposeOfSource();
                undelivered.unwanted(item);
                to.onError(new MissingBackpressureException(
                        "an Observable emitted an item that nobody had asked for, and its strategy is ERROR"));
            }
        }

        @Override
        public void onError(Throwable failure) {
            to.onError(failure);
        }

        @Override
        public void onComplete() {
            if (!overflown) {
                to.onComplete();
            }
        }
    }

    /** BUFFER and LATEST: items that were not asked for wait in a queue; with LATEST there is only one. */
    static final class Keeping<T> extends Overflow<T> {
        /*
         * The source adds on its thread, the loop asks and cancels; whoever finds nobody draining drains.
         *
         *   end   null -> COMPLETED | a failure   by the source; signalled once the queue is empty
         */
        private static final Object COMPLETED = new Object();

        private final Queue<T> queue = new ConcurrentLinkedQueue<>();
        private final AtomicInteger draining = new AtomicInteger();
        private volatile @Nullable Object end;
        private volatile boolean cancelled;
        private boolean signalled; // the end; whose turn it is to drain

        Keeping(Flow.Subscriber<? super T> to, BackpressureStrategy strategy, Undelivered<? super T> undelivered) {
            super(to, strategy, undelivered);
        }

        @Override
        void receive(T item) {
            if (end != null) { // against the rules
                undelivered.value(item);
                return;
            }
            T before = strategy == BackpressureStrategy.LATEST ? queue.poll() : null;
            queue.add(item);
            if (before != null) {
                undelivered.unwanted(before);
            }
            drain();
        }

        @Override
        public void onError(Throwable failure) {
            if (end != null || cancelled) {
                undelivered.error(Undelivered.crossing(failure));
            } else {
                end = failure;
                drain();
            }
        }

        @Override
        public void onComplete() {
            if (end == null) {
                end = COMPLETED;
                drain();
            }
        }

        @Override
        public void request(long n) {
            super.request(n);
            drain();
        }

        @Override
        public void cancel() {
            super.cancel();
            cancelled = true;
            drain();
        }

        private void drain() {
            if (draining.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            do {
                pass();
                seen = draining.addAndGet(-seen);
            } while (seen != 0);
        }

        private void pass() {
            while (!cancelled && isAskedFor() && !queue.isEmpty()) {
                T item = queue.poll(); // null if a later one is about to take its place
                if (item != null) {
                    takeDemand();
                    to.onNext(item);
                }
            }
            if (cancelled) {
                for (T item = queue.poll(); item != null; item = queue.poll()) {
                    undelivered.unwanted(item);
                }
            }
            Object ended = end;
            if (ended != null && queue.isEmpty() && !signalled) {
                signalled = true;
                signal(ended);
            }
        }

        private void signal(Object ended) {
            if (ended == COMPLETED) {
                to.onComplete();
            } else {
                to.onError((Throwable) ended);
            }
        }
    }
}
