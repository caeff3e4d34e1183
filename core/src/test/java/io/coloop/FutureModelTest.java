package io.coloop;

import static io.coloop.internal.Models.check;
import static io.coloop.internal.Models.holds;
import static io.coloop.internal.Models.isFoundOut;
import static io.coloop.internal.Models.join;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Complete against register, cancel against complete. Each check runs on the product and on a twin that it must find out. */
@Tag("lincheck")
class FutureModelTest {
    private static final int INTERLEAVINGS = 600;

    /** Nobody drives it: the test's own thread turns it. It is empty again after each interleaving. */
    private static final Loop LOOP = new Loop(new LoopBuilder(), OwnedDriver::new);

    /** Where the object under test is kept and read back: one that only lambdas share is thread-local for Lincheck, which then never switches inside it. */
    private static Object shared;

    // ---- complete against register

    @Test
    void eachListenerRunsExactlyOnce() {
        holds(INTERLEAVINGS, () -> eachListenerRunsOnce(ProductCell::new));
    }

    @Test
    void aListenerLostInACompletionIsFound() {
        isFoundOut(INTERLEAVINGS, () -> eachListenerRunsOnce(LooseRegister::new));
    }

    @Test
    void aCompletionThatCountsTwiceIsFound() {
        isFoundOut(INTERLEAVINGS, () -> eachListenerRunsOnce(LooseSettle::new));
    }

    private static void eachListenerRunsOnce(Supplier<Cell> kind) {
        shared = kind.get();
        Cell cell = (Cell) shared;
        List<Counter> listeners = List.of(new Counter(), new Counter(), new Counter(), new Counter());
        boolean[] settled = new boolean[2];
        Thread completing = new Thread(() -> settled[0] = cell.settle("value"));
        Thread failing = new Thread(() -> {
            settled[1] = cell.settle(new Outcome.Cancelled(null));
            cell.register(listeners.get(3));
        });
        Thread registering = new Thread(() -> {
            cell.register(listeners.get(1));
            cell.register(listeners.get(2));
        });
        cell.register(listeners.get(0));
        completing.start();
        failing.start();
        registering.start();
        LOOP.turn();
        join(completing);
        join(failing);
        join(registering);
        LOOP.turn();
        check(settled[0] != settled[1], "settled " + (settled[0] ? "twice" : "never"));
        for (int i = 0; i < listeners.size(); i++) {
            check(listeners.get(i).runs == 1, "listener " + i + " ran " + listeners.get(i).runs + " times");
        }
    }

    // ---- leave and sweep against complete, register and a leave

    @Test
    void whatStaysRegisteredRunsExactlyOnce() {
        holds(INTERLEAVINGS, () -> whatStaysRunsOnce(ProductCell::new));
    }

    @Test
    void aListenerLostWhenAnotherLeavesIsFound() {
        isFoundOut(INTERLEAVINGS, () -> whatStaysRunsOnce(LooseSweep::new));
    }

    private static void whatStaysRunsOnce(Supplier<Cell> kind) {
        shared = kind.get();
        Cell cell = (Cell) shared;
        List<Counter> listeners = List.of(new Counter(), new Counter(), new Counter(), new Counter(), new Counter());
        for (int i = 0; i < 4; i++) {
            cell.register(listeners.get(i));
        }
        Thread completing = new Thread(() -> cell.settle("value"));
        Thread registering = new Thread(() -> {
            cell.leave(listeners.get(3)); // the newest: the next one drops it
            cell.register(listeners.get(4));
        });
        completing.start();
        registering.start();
        cell.leave(listeners.get(1));
        cell.sweep();
        LOOP.turn();
        join(completing);
        join(registering);
        LOOP.turn();
        for (int i = 0; i < listeners.size(); i++) {
            int runs = listeners.get(i).runs;
            boolean mayMiss = i == 1 || i == 3;
            check(runs == 1 || (mayMiss && runs == 0), "listener " + i + " ran " + runs + " times");
        }
    }

    // ---- leave, on another thread, against abandon

    @Test
    void whatIsWantedIsNotAbandonedWhileAnotherLeaves() {
        holds(INTERLEAVINGS, () -> wantedIsKept(ProductCell::new));
    }

    @Test
    void aListTakenApartUnderAnAbandonIsFound() {
        isFoundOut(INTERLEAVINGS, () -> wantedIsKept(SweepAnywhere::new));
    }

    private static void wantedIsKept(Supplier<ProductCell> kind) {
        shared = kind.get();
        ProductCell cell = (ProductCell) shared;
        List<Counter> listeners = List.of(new Counter(), new Counter(), new Counter());
        listeners.forEach(cell::register);
        Thread leaving = new Thread(() -> cell.leave(listeners.get(1)));
        leaving.start();
        cell.future.abandon(null);
        LOOP.turn();
        join(leaving);
        LOOP.turn();
        check(!cell.future.isDone(), "abandoned though two listen");
        cell.settle("value");
        LOOP.turn();
        check(listeners.get(0).runs == 1 && listeners.get(2).runs == 1, "a listener was lost");
        check(listeners.get(1).runs == 0, "one that left ran");
    }

    // ---- cancel against complete

    @Test
    void exactlyOneOfCancelAndCompleteWins() {
        holds(INTERLEAVINGS, () -> exactlyOneWins(ProductSource::new));
    }

    @Test
    void aCancelAndACompletionThatBothWinAreFound() {
        isFoundOut(INTERLEAVINGS, () -> exactlyOneWins(LooseSource::new));
    }

    private static void exactlyOneWins(Supplier<Source> kind) {
        shared = kind.get();
        Source source = (Source) shared;
        boolean[] won = new boolean[2];
        List<String> undelivered = new ArrayList<>(); // the completing thread's
        int[] told = new int[2]; // the loop's
        source.onUndelivered(undelivered::add);
        source.onCancel(() -> told[0]++);
        Thread completing = new Thread(() -> won[0] = source.complete("value"));
        Thread cancelling = new Thread(() -> won[1] = source.cancel());
        completing.start();
        cancelling.start();
        source.onCancel(() -> told[1]++);
        LOOP.turn();
        join(completing);
        join(cancelling);
        LOOP.turn();
        check(won[0] != won[1], "complete: " + won[0] + ", cancel: " + won[1]);
        check(source.isCancelled() == won[1], "cancelled: " + source.isCancelled() + ", cancel: " + won[1]);
        check(told[0] == (won[1] ? 1 : 0), "the source was told " + told[0] + " times, cancel: " + won[1]);
        check(told[1] == told[0], "the later hook ran " + told[1] + " times, the first " + told[0]);
        check(undelivered.equals(won[0] ? List.of() : List.of("value")), "undelivered: " + undelivered);
    }

    // ---- execute against close, of a whole loop

    @Test
    void whatALoopAcceptsRunsAndWhatItRefusesDoesNot() {
        holds(100, FutureModelTest::acceptedIffRun);
    }

    private static void acceptedIffRun() {
        shared = new Loop(new LoopBuilder(), OwnedDriver::new);
        Loop loop = (Loop) shared;
        boolean[] accepted = new boolean[2];
        int[] runs = new int[2]; // the loop's
        Thread executing = new Thread(() -> {
            for (int i = 0; i < 2; i++) {
                int item = i;
                try {
                    loop.execute(() -> runs[item]++);
                    accepted[item] = true;
                } catch (LoopClosedException refused) {
                    accepted[item] = false;
                }
            }
        });
        executing.start();
        loop.bind();
        loop.closing().begin();
        do {
            loop.turn();
        } while (!loop.closing().advance());
        join(executing);
        for (int i = 0; i < 2; i++) {
            check(
                    runs[i] == (accepted[i] ? 1 : 0),
                    "item " + i + " ran " + runs[i] + " times, accepted " + accepted[i]);
        }
    }

    // ---- what is checked

    private static final class Counter extends Listener {
        private int runs; // the loop's

        @Override
        Loop loop() {
            return LOOP;
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        public void run() {
            runs++;
        }
    }

    private interface Cell {
        boolean settle(Object outcome);

        void register(Listener listener);

        void leave(Listener listener);

        void sweep();
    }

    private static class ProductCell implements Cell {
        final Future<String> future = new Future<>(LOOP);

        @Override
        public boolean settle(Object outcome) {
            return future.settle(outcome);
        }

        @Override
        public void register(Listener listener) {
            future.register(listener);
        }

        @Override
        public void leave(Listener listener) {
            future.unregister(listener);
        }

        @Override
        public void sweep() {
            future.sweep();
        }
    }

    /** Sweeps where it leaves, whichever thread that is. */
    private static final class SweepAnywhere extends ProductCell {
        @Override
        public void leave(Listener listener) {
            listener.left = true;
            future.sweep();
        }
    }

    /** The future's protocol; the twins replace one compare-and-set by a read and a write. */
    private abstract static class LooseCell implements Cell {
        private final AtomicReference<Object> state = new AtomicReference<>();

        boolean swapOnRegister(Object before, Object after) {
            return state.compareAndSet(before, after);
        }

        boolean swapOnSettle(Object before, Object after) {
            return state.compareAndSet(before, after);
        }

        boolean swapOnSweep(Object before, Object after) {
            return state.compareAndSet(before, after);
        }

        @Override
        public final void leave(Listener listener) {
            listener.left = true;
        }

        @Override
        public final void sweep() {
            while (state.get() instanceof Listener newest) {
                if (swapOnSweep(newest, null)) {
                    List<Listener> youngestFirst = new ArrayList<>();
                    for (Listener next = newest; next != null; next = next.next) {
                        youngestFirst.add(next);
                    }
                    for (int i = youngestFirst.size() - 1; i >= 0; i--) {
                        if (!youngestFirst.get(i).left) {
                            register(youngestFirst.get(i));
                        }
                    }
                    return;
                }
            }
        }

        final boolean swapLoosely(Object before, Object after) {
            if (state.get() != before) {
                return false;
            }
            state.set(after);
            return true;
        }

        @Override
        public final boolean settle(Object outcome) {
            while (true) {
                Object now = state.get();
                if (now != null && !(now instanceof Listener)) {
                    return false;
                }
                if (swapOnSettle(now, outcome)) {
                    List<Listener> youngestFirst = new ArrayList<>();
                    for (Listener listener = (Listener) now; listener != null; listener = listener.next) {
                        youngestFirst.add(listener);
                    }
                    for (int i = youngestFirst.size() - 1; i >= 0; i--) {
                        LOOP.enqueue(youngestFirst.get(i));
                    }
                    return true;
                }
            }
        }

        @Override
        public final void register(Listener listener) {
            while (true) {
                Object now = state.get();
                if (now != null && !(now instanceof Listener)) {
                    LOOP.enqueue(listener);
                    return;
                }
                listener.next = (Listener) now;
                if (swapOnRegister(now, listener)) {
                    return;
                }
            }
        }
    }

    /** Takes the list apart and puts it back without a look at what came meanwhile. */
    private static final class LooseSweep extends LooseCell {
        @Override
        boolean swapOnSweep(Object before, Object after) {
            return swapLoosely(before, after);
        }
    }

    private static final class LooseRegister extends LooseCell {
        @Override
        boolean swapOnRegister(Object before, Object after) {
            return swapLoosely(before, after);
        }
    }

    private static final class LooseSettle extends LooseCell {
        @Override
        boolean swapOnSettle(Object before, Object after) {
            return swapLoosely(before, after);
        }
    }

    private interface Source {
        boolean complete(String value);

        boolean cancel();

        boolean isCancelled();

        void onCancel(Runnable action);

        void onUndelivered(Consumer<String> action);
    }

    private static final class ProductSource implements Source {
        private final Promise<String> promise = LOOP.promise();

        @Override
        public boolean complete(String value) {
            return promise.complete(value);
        }

        @Override
        public boolean cancel() {
            return promise.future().cancel("no longer wanted");
        }

        @Override
        public boolean isCancelled() {
            return promise.future().isCancelled();
        }

        @Override
        public void onCancel(Runnable action) {
            promise.onCancel(action);
        }

        @Override
        public void onUndelivered(Consumer<String> action) {
            promise.onUndelivered(action);
        }
    }

    /** Asks whether it is done before it completes, and leaves it at that. */
    private static final class LooseSource implements Source {
        private final ProductSource correct = new ProductSource();
        private Consumer<String> undelivered = value -> {};

        @Override
        public boolean complete(String value) {
            if (correct.promise.isDone()) {
                undelivered.accept(value);
                return false;
            }
            correct.promise.future().settle(value);
            return true;
        }

        @Override
        public boolean cancel() {
            return correct.cancel();
        }

        @Override
        public boolean isCancelled() {
            return correct.isCancelled();
        }

        @Override
        public void onCancel(Runnable action) {
            correct.onCancel(action);
        }

        @Override
        public void onUndelivered(Consumer<String> action) {
            undelivered = action;
        }
    }
}
