package io.coloop.sync;

import static io.coloop.internal.Models.check;
import static io.coloop.internal.Models.holds;
import static io.coloop.internal.Models.isFoundOut;
import static io.coloop.internal.Models.isLinearizable;
import static io.coloop.internal.Models.isNotLinearizable;
import static io.coloop.internal.Models.join;

import io.coloop.internal.Permit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each check runs on the product, on plain threads that really wait, and on twins with one step taken apart, which it must find out. */
@Tag("lincheck")
class ExchangeModelTest {
    private static final int INTERLEAVINGS = 300;

    /** Where what threads share is kept and read back: what only lambdas share is thread-local for Lincheck, which then never switches inside it. */
    private static Exchange<Integer> shared;

    private static AtomicReference<PermitTurn> cancellable;

    private static final AtomicReference<PermitTurn> latest = new AtomicReference<>();
    private static final Supplier<PermitTurn> TURNS = ExchangeModelTest::turn;

    // ---- what does not wait: as if one at a time

    @Test
    void itsOperationsAreLinearizable() {
        isLinearizable(ProductOperations.class, Specification.class);
    }

    @Test
    void aReadAndAWriteInPlaceOfACompareAndSetAreFound() {
        isNotLinearizable(LooseOperations.class, Specification.class);
    }

    // ---- waiting: a lost wake-up is a deadlock

    @Test
    void everyItemArrivesOnceInItsSendersOrder() {
        holds(INTERLEAVINGS, () -> allArrive(1, Exchange::new));
    }

    @Test
    void anItemDeliveredTwiceIsFound() {
        isFoundOut(INTERLEAVINGS, () -> allArrive(1, TakesInTwoSteps::new));
    }

    @Test
    void aTurnInLineTooLateIsFound() {
        isFoundOut(INTERLEAVINGS, () -> allArrive(1, LooksBeforeItEnters::new));
    }

    @Test
    void aPutThatWakesNobodyIsFound() {
        isFoundOut(INTERLEAVINGS, () -> allArrive(1, NeverSignals::new));
    }

    @Test
    void theNewestFirstIsFound() {
        isFoundOut(INTERLEAVINGS, () -> allArrive(2, NewestFirst::new));
    }

    private static void allArrive(int capacity, IntFunction<Exchange<Integer>> kind) {
        shared = kind.apply(capacity);
        Exchange<Integer> exchange = shared;
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        Thread putting = new Thread(() -> {
            exchange.put(1, TURNS);
            exchange.put(2, TURNS);
            exchange.shutDown();
        });
        Thread getting = new Thread(() -> getAll(exchange, first));
        Thread gettingToo = new Thread(() -> getAll(exchange, second));
        putting.start();
        getting.start();
        gettingToo.start();
        join(putting);
        join(getting);
        join(gettingToo);
        check(count(first, 1) + count(second, 1) == 1, "1 came to " + first + " and " + second);
        check(count(first, 2) + count(second, 2) == 1, "2 came to " + first + " and " + second);
        check(first.indexOf(2) != 0 || first.size() == 1, "out of order: " + first);
        check(second.indexOf(2) != 0 || second.size() == 1, "out of order: " + second);
    }

    private static void getAll(Exchange<Integer> exchange, List<Integer> into) {
        try {
            while (true) {
                into.add(exchange.get(TURNS));
            }
        } catch (QueueShutDownException end) {
            return;
        }
    }

    private static int count(List<Integer> items, int item) {
        int count = 0;
        for (int each : items) {
            count += each == item ? 1 : 0;
        }
        return count;
    }

    // ---- a getter that is cancelled

    @Test
    void whatACancelledGetterLeavesComesToAnother() {
        holds(INTERLEAVINGS, () -> aCancelLosesNothing(Exchange::new));
    }

    @Test
    void aSignalLostWithACancelledGetterIsFound() {
        isFoundOut(INTERLEAVINGS, () -> aCancelLosesNothing(KeepsItsSignal::new));
    }

    @Test
    void anItemHandedToACancelledGetterIsFound() {
        isFoundOut(INTERLEAVINGS, () -> aCancelLosesNothing(HandsOver::new));
    }

    private static void aCancelLosesNothing(IntFunction<Exchange<Integer>> kind) {
        shared = kind.apply(1);
        cancellable = new AtomicReference<>();
        Exchange<Integer> exchange = shared;
        Permit came = new Permit();
        boolean[] got = new boolean[2];
        Thread cancelled = new Thread(() -> got[0] = getOne(exchange, CancellableTurn::made, came));
        Thread getting = new Thread(() -> got[1] = getOne(exchange, TURNS, came));
        Thread putting = new Thread(() -> exchange.put(1, TURNS));
        cancelled.start();
        getting.start();
        putting.start();
        cancelIfItWaits();
        came.await(); // without the help of the end
        exchange.shutDown();
        join(cancelled);
        join(getting);
        join(putting);
        check(got[0] != got[1], "got " + (got[0] ? "twice" : "never"));
    }

    private static boolean getOne(Exchange<Integer> exchange, Supplier<PermitTurn> turns, Permit came) {
        try {
            exchange.get(turns);
            came.give();
            return true;
        } catch (Cancelled | QueueShutDownException none) {
            return false;
        }
    }

    private static void cancelIfItWaits() {
        PermitTurn turn = cancellable.get();
        if (turn != null) {
            turn.cancel();
        }
    }

    // ---- a putter that is cancelled

    @Test
    void theRoomThatACancelledPutterLeavesIsAnothers() {
        holds(INTERLEAVINGS, () -> aCancelledPutLeavesItsRoom(Exchange::new));
    }

    @Test
    void aSignalLostWithACancelledPutterIsFound() {
        isFoundOut(INTERLEAVINGS, () -> aCancelledPutLeavesItsRoom(KeepsItsSignal::new));
    }

    private static void aCancelledPutLeavesItsRoom(IntFunction<Exchange<Integer>> kind) {
        shared = kind.apply(1);
        cancellable = new AtomicReference<>();
        Exchange<Integer> exchange = shared;
        Permit in = new Permit();
        boolean[] put = new boolean[2];
        exchange.put(1, TURNS);
        Thread cancelled = new Thread(() -> put[0] = putOne(exchange, CancellableTurn::made, in));
        Thread putting = new Thread(() -> put[1] = putOne(exchange, TURNS, in));
        Thread getting = new Thread(() -> exchange.get(TURNS));
        cancelled.start();
        putting.start();
        getting.start();
        cancelIfItWaits();
        in.await(); // without the help of the end
        exchange.shutDown();
        join(cancelled);
        join(putting);
        join(getting);
        check(put[0] != put[1], put[0] ? "room for two" : "room for none");
        check(
                exchange.state().items.size() == 1,
                "in it: " + exchange.state().items.size());
    }

    private static boolean putOne(Exchange<Integer> exchange, Supplier<PermitTurn> turns, Permit in) {
        try {
            exchange.put(2, turns);
            in.give();
            return true;
        } catch (Cancelled | QueueShutDownException none) {
            return false;
        }
    }

    // ---- shutting down

    @Test
    void whatWasPutBeforeTheEndIsGotAndNobodyWaits() {
        holds(INTERLEAVINGS, () -> acceptedIffGot(Exchange::new));
    }

    @Test
    void aTurnInLineAfterTheEndIsFound() {
        isFoundOut(INTERLEAVINGS, () -> acceptedIffGot(EntersAfterTheEnd::new));
    }

    private static void acceptedIffGot(IntFunction<Exchange<Integer>> kind) {
        shared = kind.apply(1);
        Exchange<Integer> exchange = shared;
        boolean[] accepted = new boolean[3];
        List<Integer> got = new ArrayList<>();
        Thread putting = new Thread(() -> putTwo(exchange, accepted));
        Thread getting = new Thread(() -> getAll(exchange, got));
        putting.start();
        getting.start();
        exchange.shutDown();
        join(putting);
        join(getting);
        for (int item = 1; item <= 2; item++) {
            check(count(got, item) == (accepted[item] ? 1 : 0), item + " was put: " + accepted[item] + ", got " + got);
        }
    }

    private static void putTwo(Exchange<Integer> exchange, boolean[] accepted) {
        try {
            for (int item = 1; item <= 2; item++) {
                exchange.put(item, TURNS);
                accepted[item] = true;
            }
        } catch (QueueShutDownException end) {
            return;
        }
    }

    // ---- waiting as a task does, on a thread

    private static final class Cancelled extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Cancelled() {
            super(null, null, false, false);
        }
    }

    private static final class PermitTurn implements Exchange.Turn {
        private static final int WAITING = 0;
        private static final int SIGNALLED = 1;
        private static final int WITHDRAWN = 2;

        final AtomicReference<Integer> handed = new AtomicReference<>();
        private final AtomicInteger state = new AtomicInteger(WAITING);
        private final Permit permit = new Permit();
        private volatile boolean cancelled;

        @Override
        public boolean signal() {
            boolean first = state.compareAndSet(WAITING, SIGNALLED);
            permit.give();
            return first;
        }

        @Override
        public void await() {
            permit.await();
            if (cancelled) { // also if it was signalled before
                throw new Cancelled();
            }
        }

        @Override
        public boolean withdraw() {
            return state.compareAndSet(WAITING, WITHDRAWN) || state.get() == WITHDRAWN;
        }

        void cancel() {
            cancelled = true;
            state.compareAndSet(WAITING, WITHDRAWN);
            permit.give();
        }
    }

    /** Shows it to all: else Lincheck takes it for thread-local and lets the thread really wait. */
    private static PermitTurn turn() {
        PermitTurn turn = new PermitTurn();
        latest.set(turn);
        return turn;
    }

    private static final class CancellableTurn {
        static PermitTurn made() {
            PermitTurn turn = new PermitTurn();
            cancellable.set(turn);
            return turn;
        }
    }

    // ---- the twins

    private static final class Loose extends Exchange<Integer> {
        private final AtomicReference<State<Integer>> state =
                new AtomicReference<>(new State<>(Fifo.empty(), Fifo.empty(), Fifo.empty(), false));

        Loose(int capacity) {
            super(capacity);
        }

        @Override
        State<Integer> state() {
            return state.get();
        }

        @Override
        boolean replace(State<Integer> before, State<Integer> after) {
            if (state.get() != before) {
                return false;
            }
            state.set(after);
            return true;
        }
    }

    private static final class TakesInTwoSteps extends Exchange<Integer> {
        TakesInTwoSteps(int capacity) {
            super(capacity);
        }

        @Override
        @Nullable
        Integer tryGet() {
            State<Integer> now = state();
            if (now.items.isEmpty()) {
                return super.tryGet();
            }
            super.tryGet();
            return now.items.first();
        }
    }

    private static final class LooksBeforeItEnters extends Exchange<Integer> {
        LooksBeforeItEnters(int capacity) {
            super(capacity);
        }

        @Override
        boolean enter(Turn turn, boolean getting) {
            if (!getting || !state().items.isEmpty()) {
                return super.enter(turn, getting);
            }
            while (true) {
                State<Integer> now = state();
                if (now.shut || replace(now, now.withLine(true, now.getters.with(turn)))) {
                    return !now.shut;
                }
            }
        }
    }

    private static final class NeverSignals extends Exchange<Integer> {
        NeverSignals(int capacity) {
            super(capacity);
        }

        @Override
        boolean tryPut(Integer item) {
            State<Integer> now = state();
            return now.items.isEmpty() && replace(now, now.withItems(now.items.with(item)));
        }
    }

    private static final class NewestFirst extends Exchange<Integer> {
        NewestFirst(int capacity) {
            super(capacity);
        }

        @Override
        boolean replace(State<Integer> before, State<Integer> after) {
            if (after.items.size() <= before.items.size()) {
                return super.replace(before, after);
            }
            Fifo<Integer> reversed = Fifo.<Integer>empty().with(newest(after.items));
            for (Fifo<Integer> left = before.items; !left.isEmpty(); left = left.withoutFirst()) {
                reversed = reversed.with(left.first());
            }
            return super.replace(before, after.withItems(reversed));
        }

        private static Integer newest(Fifo<Integer> items) {
            Fifo<Integer> left = items;
            while (left.size() > 1) {
                left = left.withoutFirst();
            }
            return left.first();
        }
    }

    private static final class KeepsItsSignal extends Exchange<Integer> {
        KeepsItsSignal(int capacity) {
            super(capacity);
        }

        @Override
        void leave(Turn turn, boolean getting) {
            if (turn.withdraw()) {
                super.leave(turn, getting);
            }
        }
    }

    /** Gives an item to the getter itself. */
    private static final class HandsOver extends Exchange<Integer> {
        HandsOver(int capacity) {
            super(capacity);
        }

        @Override
        boolean tryPut(Integer item) {
            while (true) {
                State<Integer> now = state();
                if (now.shut || now.getters.isEmpty()) {
                    return super.tryPut(item);
                }
                PermitTurn first = (PermitTurn) now.getters.first();
                if (replace(now, now.withLine(true, now.getters.withoutFirst()))) {
                    first.handed.set(item);
                    if (first.signal()) {
                        return true;
                    }
                }
            }
        }

        @Override
        Integer get(Supplier<? extends Turn> turns) {
            PermitTurn[] latest = new PermitTurn[1];
            Integer item = tryGet();
            while (item == null) {
                latest[0] = (PermitTurn) turns.get();
                if (enter(latest[0], true)) {
                    try {
                        latest[0].await();
                    } catch (Cancelled cancelled) {
                        leave(latest[0], true);
                        throw cancelled;
                    }
                }
                item = latest[0].handed.get();
                item = item != null ? item : tryGet();
            }
            return item;
        }
    }

    private static final class EntersAfterTheEnd extends Exchange<Integer> {
        EntersAfterTheEnd(int capacity) {
            super(capacity);
        }

        @Override
        boolean enter(Turn turn, boolean getting) {
            while (true) {
                State<Integer> now = state();
                if (getting ? !now.items.isEmpty() : now.items.isEmpty()) {
                    return false;
                }
                if (replace(now, now.withLine(getting, now.line(getting).with(turn)))) {
                    return true;
                }
            }
        }
    }

    // ---- for Lincheck: public, one instance per execution

    /** What any thread may do. */
    public abstract static class Operations {
        private final Exchange<Integer> exchange;

        Operations(IntFunction<Exchange<Integer>> kind) {
            this.exchange = kind.apply(2);
        }

        @Operation
        public boolean tryPut(int item) {
            return exchange.tryPut(item);
        }

        @Operation
        public @Nullable Integer tryGet() {
            return exchange.tryGet();
        }

        @Operation
        public void shutDown() {
            exchange.shutDown();
        }
    }

    public static final class ProductOperations extends Operations {
        public ProductOperations() {
            super(Exchange::new);
        }
    }

    public static final class LooseOperations extends Operations {
        public LooseOperations() {
            super(Loose::new);
        }
    }

    /** What they do when they run one at a time. */
    public static final class Specification {
        private final List<Integer> items = new ArrayList<>();
        private boolean shut;

        public boolean tryPut(int item) {
            if (shut) {
                throw new QueueShutDownException();
            }
            return items.size() < 2 && items.add(item);
        }

        public @Nullable Integer tryGet() {
            if (!items.isEmpty()) {
                return items.removeFirst();
            }
            if (shut) {
                throw new QueueShutDownException();
            }
            return null;
        }

        public void shutDown() {
            shut = true;
        }
    }
}
