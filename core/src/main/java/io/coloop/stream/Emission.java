package io.coloop.stream;

import io.coloop.Await;
import io.coloop.Awaitable;
import io.coloop.Body;
import io.coloop.Ending;
import io.coloop.Loop;
import io.coloop.LoopClosedException;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.sync.WaitQueue;
import java.util.Collection;
import java.util.List;
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
     *   subscriber   there -> null         by the cancel, by the end, or by a refusal; whoever takes it out says what becomes of the rest
     *   refusal      null -> an error      by a bad request(): it ends the stream, but not before onSubscribe() has returned: whoever comes second, the request or
     *                                      that return, signals it
     *
     * A signal runs as the rest of the item of the task that emits: on the loop's own thread, in that task's context. A task that finds no demand waits in line, and looks
     * again when it is signalled.
     */
    private static final int LARGEST_PART = 256; // what a turn may take that was ready

    private final Loop loop;
    private final AtomicReference<Flow.@Nullable Subscriber<? super T>> subscriber;
    private final Undelivered<? super T> undelivered;
    private final Demand demand = new Demand();
    private final WaitQueue starving = WaitQueue.create();
    private final AtomicReference<@Nullable IllegalArgumentException> refusal = new AtomicReference<>();
    private volatile boolean subscribed; // onSubscribe() has returned
    private volatile @Nullable Task<?> task;
    private boolean taskCancelled; // the loop's
    private boolean ended; // the loop's: the body has

    Emission(Loop loop, Flow.Subscriber<? super T> subscriber, Undelivered<? super T> undelivered) {
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
        Objects.requireNonNull(loop, "loop");
        Objects.requireNonNull(body, "body");
        Objects.requireNonNull(subscriber, "subscriber");
        Objects.requireNonNull(undelivered, "undelivered");
        Emission<T> emission = new Emission<>(loop, subscriber, undelivered);
        subscriber.onSubscribe(emission);
        if (emission.open()) {
            emission.spawn(body);
        }
    }

    /** Says that signals are welcome now; whether there is somebody to signal to. */
    boolean open() {
        subscribed = true;
        if (refusal.get() == null) {
            return !isCancelled();
        }
        endRefused();
        return false;
    }

    private void spawn(EmittingBody<T, ?> body) {
        Body<@Nullable Void, ?> run = () -> {
            body.run(this);
            return null;
        };
        try {
            Task<?> spawned = loop.spawn(run, (none, failure) -> end(failure));
            task = spawned;
            if (isCancelled()) { // before it could be told
                onLoop(this::cancelTask);
            }
        } catch (LoopClosedException closed) {
            fail(closed);
        }
    }

    private boolean isCancelled() {
        return subscriber.get() == null;
    }

    // ---- the body

    @Override
    public void emit(T item) {
        Objects.requireNonNull(item, "item");
        checkTask("Emitter.emit(...)");
        deliver(List.of(item));
    }

    @Override
    public void emitAll(Collection<? extends T> items) {
        List<T> copy = List.copyOf(items);
        checkTask("Emitter.emitAll(...)");
        deliver(copy);
    }

    private void deliver(List<T> items) {
        Delivery delivery = new Delivery(items);
        try {
            while (!delivery.isDone()) {
                awaitItsDemand();
                Await.await(delivery);
            }
        } finally {
            delivery.disposeOfTheRest();
        }
    }

    @Override
    public void awaitDemand() {
        checkTask("Emitter.awaitDemand()");
        awaitItsDemand();
    }

    private void awaitItsDemand() {
        checkOpen();
        while (!demand.isThere()) {
            if (demand.starve()) {
                starving.await();
                checkOpen();
            }
        }
    }

    private void checkTask(String call) {
        if (Task.currentOrNull() == null || !loop.isOnLoop()) {
            throw LoopMisuseException.of(
                    "only a task of the stream's own loop may emit",
                    call,
                    loop,
                    "spawn a task in the stream's body, or hand it the items through a Queue");
        }
    }

    private void checkOpen() {
        if (!ended && isCancelled()) {
            cancelTask(); // from another thread it is on its way
            Await.yieldNow(); // throws in the body's task, and in those that it owns once it has passed the
            // cancellation on
            String why = "the stream's subscriber has cancelled";
            throw Task.current().cancelling() > 0
                    ? new CancellationException(why) // it knows, and went on
                    : new TaskCancelledException(why);
        }
        if (ended) {
            throw new IllegalStateException("the stream has ended with its body; nothing can be emitted any more");
        }
    }

    /** The way of some items to the subscriber: at each subscription as many as were asked for. */
    private final class Delivery implements Awaitable<@Nullable Void> {
        private final List<T> items;
        private int signalled;

        Delivery(List<T> items) {
            this.items = items;
        }

        boolean isDone() {
            return signalled == items.size();
        }

        @Override
        public void subscribe(Promise<@Nullable Void> promise) {
            int part = Math.min(items.size() - signalled, LARGEST_PART);
            int end = signalled + (ended ? 0 : demand.take(part));
            Flow.Subscriber<? super T> to;
            while (signalled < end && (to = subscriber.get()) != null) {
                T item = items.get(signalled++);
                try {
                    to.onNext(item);
                } catch (Throwable failure) {
                    cancel();
                    reportThrown("onNext", failure);
                }
            }
            promise.complete(null);
        }

        void disposeOfTheRest() {
            while (signalled < items.size()) {
                T item = items.get(signalled++);
                if (isCancelled() && !ended) {
                    undelivered.unwanted(item);
                } else {
                    undelivered.value(item);
                }
            }
        }

        @Override
        public String toString() {
            return items.size() == 1 ? "emit(" + items.get(0) + ")" : "emitAll(" + items.size() + " items)";
        }
    }

    void end(@Nullable Throwable failure) {
        ended = true;
        if (loop.isOnLoop()) { // else it is closed, and nobody waits
            starving.signalAll();
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause == null) {
            complete();
        } else if (!fail(Undelivered.crossing(cause))) {
            undelivered.error(cause);
        }
    }

    private void complete() {
        Flow.Subscriber<? super T> to = subscriber.getAndSet(null);
        if (to != null) {
            try {
                to.onComplete();
            } catch (Throwable failure) {
                reportThrown("onComplete", failure);
            }
        }
    }

    /** False if nobody is there to hear of it. */
    private boolean fail(Throwable cause) {
        Flow.Subscriber<? super T> to = subscriber.getAndSet(null);
        if (to == null) {
            return false;
        }
        try {
            to.onError(cause);
        } catch (Throwable failure) {
            reportThrown("onError", failure);
        }
        return true;
    }

    /** A subscriber that throws counts as one that has cancelled. */
    private void reportThrown(String signal, Throwable failure) {
        undelivered.brokenRule("a stream's subscriber threw from " + signal, failure);
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
        IllegalArgumentException rule = new IllegalArgumentException(
                "a subscriber may only ask for more than 0 items (rule 3.9 of Reactive Streams): " + n);
        if (refusal.compareAndSet(null, rule) && subscribed) {
            endRefused();
        }
    }

    private void endRefused() {
        try {
            loop.execute(() -> {
                if (fail(Objects.requireNonNull(refusal.get()))) {
                    cancelTask();
                }
            });
        } catch (LoopClosedException closed) {
            fail(Objects.requireNonNull(refusal.get()));
        }
    }

    @Override
    public void cancel() {
        if (subscriber.getAndSet(null) == null) {
            return;
        }
        if (loop.isOnLoop()) {
            cancelTask();
        } else {
            onLoop(this::cancelTask);
        }
        Task<?> running = task;
        if (running != null) {
            Ending.add(running);
        }
    }

    /** Once, so that the task's cleanup is not cancelled as well. Loop only. */
    private void cancelTask() {
        Task<?> running = task;
        if (running != null && !taskCancelled) {
            taskCancelled = true;
            running.cancel("the stream's subscriber cancelled");
            starving.signalAll(); // those that are not the body's own
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
