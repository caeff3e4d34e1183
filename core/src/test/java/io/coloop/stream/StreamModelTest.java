package io.coloop.stream;

import static io.coloop.internal.Models.check;
import static io.coloop.internal.Models.holds;
import static io.coloop.internal.Models.isFoundOut;
import static io.coloop.internal.Models.join;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Undriven;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Asking against taking, signals against waiting and closing, cancel against end. Each check runs on the product and on twins that it must find out. */
@Tag("lincheck")
class StreamModelTest {
    private static final int INTERLEAVINGS = 300;

    private static final List<Throwable> REPORTED = new ArrayList<>(); // the test's own thread's

    /** Nobody drives it: the test's own thread turns it. It is empty again after each interleaving. */
    private static final Loop LOOP = Undriven.loop(report -> REPORTED.add(report.failure()));

    /** Where the object under test is kept and read back: one that only lambdas share is thread-local for Lincheck, which then never switches inside it. */
    private static Object shared;

    // ---- asking against taking

    private interface Asks {
        boolean add(long n);

        boolean take();

        boolean starve();

        void woken();
    }

    @Test
    void noAskIsLostAndALoopThatStarvesIsWoken() {
        holds(INTERLEAVINGS, () -> everyAskArrives(ProductDemand::new));
    }

    @Test
    void aLoopThatLooksBeforeItSaysThatItStarvesIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everyAskArrives(LooksFirst::new));
    }

    @Test
    void aTakeThatLosesAnAskIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everyAskArrives(LooseTake::new));
    }

    @Test
    void aLoopThatTakesItsWordBackIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everyAskArrives(TakesItBack::new));
    }

    private static void everyAskArrives(Supplier<Asks> kind) {
        shared = kind.get();
        Asks demand = (Asks) shared;
        AtomicLong wakes = new AtomicLong();
        Thread asking = new Thread(() -> {
            for (int i = 0; i < 3; i++) {
                if (demand.add(1)) {
                    wakes.incrementAndGet();
                }
            }
        });
        asking.start();
        int taken = 0;
        boolean waits = false;
        long wakesSeen = 0;
        for (int step = 0; step < 6 && taken < 3; step++) {
            if (waits) {
                long now = wakes.get();
                if (now == wakesSeen) {
                    continue;
                }
                wakesSeen = now;
                demand.woken();
                waits = false;
            }
            if (demand.take()) {
                taken++;
            } else {
                waits = demand.starve();
            }
        }
        join(asking);
        if (waits && taken < 3) {
            check(wakes.get() > wakesSeen, "it waits, and nobody wakes it; taken: " + taken);
            demand.woken();
        }
        while (demand.take()) {
            taken++;
        }
        check(taken == 3, "taken: " + taken);
    }

    private static final class ProductDemand implements Asks {
        private final Demand demand = new Demand();

        @Override
        public boolean add(long n) {
            return demand.add(n);
        }

        @Override
        public boolean take() {
            return demand.take(1) == 1;
        }

        @Override
        public boolean starve() {
            return demand.starve();
        }

        @Override
        public void woken() {
            demand.woken();
        }
    }

    private static class LooseDemand implements Asks {
        final AtomicLong requested = new AtomicLong();
        volatile boolean starved;

        @Override
        public boolean add(long n) {
            requested.addAndGet(n);
            return starved;
        }

        @Override
        public boolean take() {
            return requested.getAndUpdate(now -> now == 0 ? 0 : now - 1) > 0;
        }

        @Override
        public boolean starve() {
            starved = true;
            return requested.get() == 0;
        }

        @Override
        public void woken() {
            starved = false;
        }
    }

    private static final class LooksFirst extends LooseDemand {
        @Override
        public boolean starve() {
            boolean nothing = requested.get() == 0;
            starved = nothing;
            return nothing;
        }
    }

    private static final class LooseTake extends LooseDemand {
        @Override
        public boolean take() {
            long now = requested.get();
            if (now > 0) {
                requested.set(now - 1);
            }
            return now > 0;
        }
    }

    /** Says that it starves only while it looks. */
    private static final class TakesItBack extends LooseDemand {
        @Override
        public boolean starve() {
            boolean nothing = super.starve();
            starved = false;
            return nothing;
        }
    }

    // ---- signals against waiting and closing

    private interface Intake {
        void onNext(String item);

        void onComplete();

        void onError(Throwable failure);

        void whenReady(Promise<Void> promise);

        void stopWaiting(Promise<Void> promise);

        boolean hasItem();

        boolean isEnded();

        String take();

        void close();
    }

    @Test
    void aLoopThatWaitsIsWokenByAnItemAndByTheEnd() {
        holds(INTERLEAVINGS, () -> aWaitEnds(ProductIntake::new));
    }

    @Test
    void aWaitThatLooksBeforeItSaysSoIsFound() {
        isFoundOut(INTERLEAVINGS, () -> aWaitEnds(handOver -> new LooseIntake(handOver, Flaw.LOOKS_BEFORE_IT_WAITS)));
    }

    @Test
    void anEndThatComesBeforeItsItemIsFound() {
        isFoundOut(INTERLEAVINGS, () -> aWaitEnds(handOver -> new LooseIntake(handOver, Flaw.END_BEFORE_ITEM)));
    }

    private static void aWaitEnds(java.util.function.Function<Consumer<String>, Intake> kind) {
        List<String> handedOver = new ArrayList<>();
        shared = kind.apply(handedOver::add);
        Intake intake = (Intake) shared;
        Thread source = new Thread(() -> {
            intake.onNext("a");
            intake.onNext("b");
            intake.onComplete();
        });
        source.start();
        List<String> taken = new ArrayList<>();
        Promise<Void> first = LOOP.promise();
        intake.whenReady(first);
        if (!first.isDone()) {
            intake.stopWaiting(first); // as a task that is cancelled
        }
        Promise<Void> second = LOOP.promise();
        boolean ended = false;
        for (int i = 0; i < 3 && !ended; i++) {
            if (intake.hasItem()) {
                taken.add(intake.take());
            } else {
                ended = intake.isEnded();
            }
        }
        if (!ended) {
            intake.whenReady(second);
        }
        join(source);
        check(ended || second.isDone(), "it waits, and nobody wakes it; taken: " + taken);
        check(!ended || taken.size() == 2, "it ended with " + taken);
        while (intake.hasItem()) {
            taken.add(intake.take());
        }
        check(taken.equals(List.of("a", "b")), "taken: " + taken);
        check(intake.isEnded(), "it has no end");
        Undriven.turn(LOOP);
        check(handedOver.isEmpty(), "handed over: " + handedOver);
    }

    @Test
    void eachItemAndAFailureEndInExactlyOnePlace() {
        holds(INTERLEAVINGS, () -> nothingIsLostAtTheClose(ProductIntake::new));
    }

    @Test
    void anItemThatASourcePutsThereAfterTheCloseIsFound() {
        isFoundOut(INTERLEAVINGS, () -> nothingIsLostAtTheClose(handOver -> new LooseIntake(handOver, Flaw.ONE_LOOK)));
    }

    @Test
    void anItemThatBothSidesDisposeOfIsFound() {
        isFoundOut(
                INTERLEAVINGS,
                () -> nothingIsLostAtTheClose(handOver -> new LooseIntake(handOver, Flaw.DISPOSES_TWICE)));
    }

    @Test
    void aFailureThatACloseOverwritesIsFound() {
        isFoundOut(
                INTERLEAVINGS,
                () -> nothingIsLostAtTheClose(handOver -> new LooseIntake(handOver, Flaw.LOSES_A_FAILURE)));
    }

    private static void nothingIsLostAtTheClose(java.util.function.Function<Consumer<String>, Intake> kind) {
        REPORTED.clear();
        List<String> handedOver = new ArrayList<>();
        shared = kind.apply(handedOver::add);
        Intake intake = (Intake) shared;
        IllegalStateException failure = new IllegalStateException("failed");
        Thread source = new Thread(() -> {
            intake.onNext("a");
            intake.onNext("b");
            intake.onError(failure);
        });
        source.start();
        List<String> places = new ArrayList<>();
        if (intake.hasItem()) {
            places.add(intake.take());
        }
        intake.close();
        join(source);
        Undriven.turn(LOOP);
        places.addAll(handedOver);
        places.sort(null);
        check(places.equals(List.of("a", "b")), "taken or handed over: " + places);
        check(REPORTED.equals(List.of(failure)), "the failure was reported " + REPORTED.size() + " times");
    }

    private static final class ProductIntake implements Intake {
        private final Inflow<String> inflow;

        ProductIntake(Consumer<String> handOver) {
            inflow = new Inflow<>(LOOP, 2, new Undelivered<>(LOOP, "a test", handOver));
            inflow.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long n) {
                    // signals come by themselves
                }

                @Override
                public void cancel() {
                    // they come nevertheless
                }
            });
            Undriven.turn(LOOP); // it asks from there
        }

        @Override
        public void onNext(String item) {
            inflow.onNext(item);
        }

        @Override
        public void onComplete() {
            inflow.onComplete();
        }

        @Override
        public void onError(Throwable failure) {
            inflow.onError(failure);
        }

        @Override
        public void whenReady(Promise<Void> promise) {
            inflow.whenReady(promise);
        }

        @Override
        public void stopWaiting(Promise<Void> promise) {
            inflow.stopWaiting(promise);
        }

        @Override
        public boolean hasItem() {
            return inflow.hasItem();
        }

        @Override
        public boolean isEnded() {
            return inflow.isEnded();
        }

        @Override
        public String take() {
            return inflow.take();
        }

        @Override
        public void close() {
            inflow.close();
        }
    }

    private enum Flaw {
        LOOKS_BEFORE_IT_WAITS,
        END_BEFORE_ITEM,
        ONE_LOOK,
        DISPOSES_TWICE,
        LOSES_A_FAILURE
    }

    /** The inflow's protocol for two items, with one flaw. */
    private static final class LooseIntake implements Intake {
        private static final Object COMPLETED = new Object();
        private static final Object CLOSED = new Object();

        private final List<AtomicReference<String>> ring = List.of(new AtomicReference<>(), new AtomicReference<>());
        private final AtomicReference<Object> end = new AtomicReference<>();
        private final AtomicReference<Promise<Void>> waiter = new AtomicReference<>();
        private final Undelivered<String> undelivered;
        private final Flaw flaw;
        private int put;
        private int taken;

        LooseIntake(Consumer<String> handOver, Flaw flaw) {
            this.undelivered = new Undelivered<>(LOOP, "a test", handOver);
            this.flaw = flaw;
        }

        @Override
        public void onNext(String item) {
            if (end.get() != null) {
                undelivered.value(item);
                return;
            }
            int slot = put++;
            ring.get(slot).set(item);
            if (flaw != Flaw.ONE_LOOK && end.get() == CLOSED) {
                disposeOf(slot);
            }
            wake();
        }

        @Override
        public void onComplete() {
            end.compareAndSet(null, COMPLETED);
            wake();
        }

        @Override
        public void onError(Throwable failure) {
            if (!end.compareAndSet(null, failure)) {
                undelivered.error(failure);
            }
            wake();
        }

        private void wake() {
            Promise<Void> waiting = waiter.getAndSet(null);
            if (waiting != null) {
                waiting.complete(null);
            }
        }

        @Override
        public void whenReady(Promise<Void> promise) {
            if (flaw == Flaw.LOOKS_BEFORE_IT_WAITS) {
                boolean ready = hasItem() || end.get() != null;
                waiter.set(promise);
                if (ready) {
                    wake();
                }
                return;
            }
            waiter.set(promise);
            if (hasItem() || end.get() != null) {
                wake();
            }
        }

        @Override
        public void stopWaiting(Promise<Void> promise) {
            waiter.compareAndSet(promise, null);
        }

        @Override
        public boolean hasItem() {
            return taken < 2 && ring.get(taken).get() != null;
        }

        @Override
        public boolean isEnded() {
            return flaw == Flaw.END_BEFORE_ITEM ? !hasItem() && end.get() != null : end.get() != null && !hasItem();
        }

        @Override
        public String take() {
            return ring.get(taken++).getAndSet(null);
        }

        @Override
        public void close() {
            Object before = flaw == Flaw.LOSES_A_FAILURE ? end.get() : end.getAndSet(CLOSED);
            end.set(CLOSED);
            disposeOf(0);
            disposeOf(1);
            if (before instanceof Throwable failure) {
                undelivered.error(failure);
            }
        }

        private void disposeOf(int slot) {
            String item = ring.get(slot).get();
            if (flaw == Flaw.DISPOSES_TWICE) {
                ring.get(slot).set(null);
            } else {
                item = ring.get(slot).getAndSet(null);
            }
            if (item != null) {
                undelivered.value(item);
            }
        }
    }

    // ---- cancel, end and a bad request

    private interface Ending {
        /** The subscriber's onSubscribe has returned. */
        boolean open();

        void request(long n);

        void cancel();

        void end();
    }

    @Test
    void thereIsOneEnd() {
        holds(INTERLEAVINGS, () -> oneEnd(ProductEnding::new));
    }

    @Test
    void twoEndsAreFound() {
        isFoundOut(INTERLEAVINGS, () -> oneEnd(to -> new LooseEnding(to, false)));
    }

    private static void oneEnd(java.util.function.Function<Signals, Ending> kind) {
        Signals signals = new Signals();
        shared = kind.apply(signals);
        Ending stream = (Ending) shared;
        stream.open();
        Thread asking = new Thread(() -> stream.request(0));
        asking.start();
        stream.end();
        Undriven.turn(LOOP);
        join(asking);
        Undriven.turn(LOOP);
        check(signals.ends.get() == 1, "ends: " + signals.ends);
    }

    @Test
    void nothingIsSignalledTwiceUnderACancel() {
        holds(INTERLEAVINGS, () -> atMostOneEnd(ProductEnding::new));
    }

    private static void atMostOneEnd(java.util.function.Function<Signals, Ending> kind) {
        Signals signals = new Signals();
        shared = kind.apply(signals);
        Ending stream = (Ending) shared;
        stream.open();
        Thread cancelling = new Thread(() -> {
            stream.cancel();
            stream.request(-1);
        });
        cancelling.start();
        stream.end();
        Undriven.turn(LOOP);
        join(cancelling);
        Undriven.turn(LOOP);
        check(signals.ends.get() <= 1, "ends: " + signals.ends);
    }

    @Test
    void aBadRequestIsSignalledOnceAndNotBeforeOnSubscribeHasReturned() {
        holds(INTERLEAVINGS, () -> refusedOnce(ProductEnding::new));
    }

    @Test
    void aBadRequestThatGetsLostIsFound() {
        isFoundOut(INTERLEAVINGS, () -> refusedOnce(to -> new LooseEnding(to, true)));
    }

    private static void refusedOnce(java.util.function.Function<Signals, Ending> kind) {
        Signals signals = new Signals();
        shared = kind.apply(signals);
        Ending stream = (Ending) shared;
        Thread asking = new Thread(() -> {
            stream.request(-1);
            stream.request(-2);
        });
        asking.start();
        Undriven.turn(LOOP);
        check(signals.ends.get() == 0, "it was signalled inside onSubscribe");
        stream.open();
        Undriven.turn(LOOP);
        join(asking);
        Undriven.turn(LOOP);
        check(signals.ends.get() == 1, "ends: " + signals.ends);
    }

    private static final class Signals implements Flow.Subscriber<String> {
        private final AtomicLong ends = new AtomicLong();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            // not called here
        }

        @Override
        public void onNext(String item) {
            // there is none
        }

        @Override
        public void onError(Throwable failure) {
            ends.incrementAndGet();
        }

        @Override
        public void onComplete() {
            ends.incrementAndGet();
        }
    }

    private static final class ProductEnding implements Ending {
        private final Emission<String> emission;

        ProductEnding(Signals to) {
            emission = new Emission<>(LOOP, to, new Undelivered<>(LOOP, "a test", null));
        }

        @Override
        public boolean open() {
            return emission.open();
        }

        @Override
        public void request(long n) {
            emission.request(n);
        }

        @Override
        public void cancel() {
            emission.cancel();
        }

        @Override
        public void end() {
            emission.end(null);
        }
    }

    /** Takes the subscriber out in two steps, or looks whether it is open before it leaves its refusal. */
    private static final class LooseEnding implements Ending {
        private final AtomicReference<Signals> subscriber;
        private final boolean looksFirst;
        private volatile boolean refused;
        private volatile boolean open;

        LooseEnding(Signals to, boolean looksFirst) {
            this.subscriber = new AtomicReference<>(to);
            this.looksFirst = looksFirst;
        }

        @Override
        public boolean open() {
            open = true;
            if (refused) {
                end();
            }
            return !refused;
        }

        @Override
        public void request(long n) {
            boolean wasOpen = open;
            if (!looksFirst) {
                refused = true;
                wasOpen = open;
            }
            refused = true;
            if (wasOpen) {
                end();
            }
        }

        @Override
        public void cancel() {
            subscriber.set(null);
        }

        @Override
        public void end() {
            Signals to = subscriber.get();
            subscriber.set(null);
            if (to != null) {
                to.onComplete();
            }
        }
    }
}
