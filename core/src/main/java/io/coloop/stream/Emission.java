package io.coloop.stream;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.sync.WaitQueue;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Brings what one run of a body emits to one subscriber. */
final class Emission<T> implements Flow.Subscription, Emitter<T> {
    /*
     * The subscriber asks and cancels on any thread; the loop signals.
     *
     *   subscriber   there -> null    by the cancel, or by the end; whoever takes it out says what becomes of the rest
     *
     * A signal runs as the rest of the item of the task that emits: on the loop's own thread, in that task's context. A task that finds no demand waits in line, and looks
     * again when it is signalled.
     */
    private final Loop loop;
    private final AtomicReference<Flow.@Nullable Subscriber<? super T>> subscriber;
    private final Undelivered<? super T> undelivered;
    private final Demand demand = new Demand();
    private final WaitQueue starving = WaitQueue.create();
    private volatile @Nullable Task<?> task;
    private boolean ended; // the loop's: the body has

    private Emission(Loop loop, Flow.Subscriber<? super T> subscriber, Undelivered<? super T> undelivered) {
        this.loop = loop;
        this.subscriber = new AtomicReference<>(subscriber);
        this.undelivered = undelivered;
    }

    /** Runs the body as a task for this subscriber. Any thread. */
    static <T> void start(
            Loop loop,
            EmittingBody<T, ?> body,
            Flow.Subscriber<? super T> subscriber,
            Undelivered<? super T> undelivered) {
        Objects.requireNonNull(subscriber, "subscriber");
        Emission<T> emission = new Emission<>(loop, subscriber, undelivered);
        subscriber.onSubscribe(emission);
        emission.spawn(body);
    }

    private void spawn(EmittingBody<T, ?> body) {
        if (isCancelled()) {
            return;
        }
        Body<@Nullable Void, ?> run = () -> {
            Task.current().handle((value, failure) -> null); // it may fail before the subscribing thread listens
            body.run(this);
            return null;
        };
        try {
            Task<?> spawned = loop.spawn(run);
            task = spawned;
            if (isCancelled()) { // before it could be told
                cancelTask();
            }
            spawned.handle((value, failure) -> end(failure));
        } catch (LoopClosedException closed) {
            Flow.Subscriber<? super T> to = subscriber.getAndSet(null);
            if (to != null) {
                to.onError(closed);
            }
        }
    }

    private boolean isCancelled() {
        return subscriber.get() == null;
    }

    // ---- the body

    @Override
    public void emit(T item) {
        Objects.requireNonNull(item, "item");
        Delivery delivery = new Delivery(item);
        try {
            while (!delivery.done) {
                awaitDemand();
                Await.await(delivery);
            }
        } finally {
            if (!delivery.done) {
                undelivered.value(item);
            }
        }
    }

    @Override
    public void awaitDemand() {
        Task<?> here = Task.current();
        checkOpen(here);
        while (!demand.isThere()) {
            if (demand.starve()) {
                starving.await();
                checkOpen(here);
            }
        }
    }

    /** A task that is cancelled learns it from its next await: so it is let through. */
    private void checkOpen(Task<?> here) {
        if (ended) {
            throw new IllegalStateException("the stream has ended with its body; nothing can be emitted any more");
        }
        if (isCancelled() && here.cancelling() == 0) {
            throw new CancellationException("the stream's subscriber has cancelled");
        }
    }

    /** One item's way to the subscriber. */
    private final class Delivery implements Awaitable<@Nullable Void> {
        private final T item;
        private boolean done;

        Delivery(T item) {
            this.item = item;
        }

        @Override
        public void subscribe(Promise<@Nullable Void> promise) {
            Flow.Subscriber<? super T> to = subscriber.get();
            if (to != null && !ended && demand.take()) {
                done = true;
                to.onNext(item);
            }
            promise.complete(null);
        }

        @Override
        public String toString() {
            return "emit(" + item + ")";
        }
    }

    private @Nullable Void end(@Nullable Throwable failure) {
        ended = true;
        if (loop.isOnLoop()) { // else it is closed, and nobody waits
            starving.signalAll();
        }
        Flow.Subscriber<? super T> to = subscriber.getAndSet(null);
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (to == null) {
            tooLate(cause);
        } else if (cause == null) {
            to.onComplete();
        } else {
            to.onError(Undelivered.crossing(cause));
        }
        return null;
    }

    private void tooLate(@Nullable Throwable failure) {
        if (failure == null) {
            return;
        }
        Task<?> own = task;
        if (own != null && loop.isOnLoop() && own.cancelling() > 0) {
            undelivered.reportedError(failure); // as a task that swallowed its cancellation
        } else {
            undelivered.error(failure);
        }
    }

    // ---- the subscriber

    @Override
    public void request(long n) {
        if (n <= 0) {
            refuse(n);
        } else if (demand.add(n)) {
            onLoop(this::wake);
        }
    }

    private void wake() {
        demand.woken();
        starving.signalAll();
    }

    /** The stream fails and the body is cancelled. */
    private void refuse(long n) {
        onLoop(() -> {
            Flow.Subscriber<? super T> to = subscriber.getAndSet(null);
            if (to != null) {
                cancelTask();
                to.onError(new IllegalArgumentException(
                        "a subscriber may only ask for more than 0 items (rule 3.9 of Reactive Streams): " + n));
            }
        });
    }

    @Override
    public void cancel() {
        if (subscriber.getAndSet(null) != null) {
            cancelTask();
        }
    }

    private void cancelTask() {
        Task<?> running = task;
        if (running != null) {
            running.cancel("the stream's subscriber cancelled");
        }
    }

    private void onLoop(Runnable action) {
        try {
            loop.execute(action);
        } catch (LoopClosedException closed) {
            // its end was the stream's
        }
    }
}
