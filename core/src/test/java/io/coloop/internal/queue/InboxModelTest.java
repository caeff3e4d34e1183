package io.coloop.internal.queue;

import static io.coloop.internal.Models.check;
import static io.coloop.internal.Models.holds;
import static io.coloop.internal.Models.isFoundOut;
import static io.coloop.internal.Models.isLinearizable;
import static io.coloop.internal.Models.isNotLinearizable;
import static io.coloop.internal.Models.join;

import io.coloop.internal.Permit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each check runs on the product and on twins with one step taken apart, which it must find out. */
@Tag("lincheck")
class InboxModelTest {
    private static final int INTERLEAVINGS = 600;

    /** Where each box is kept and read back: one that only lambdas share is thread-local for Lincheck, which then never switches inside it. */
    private static Box shared;

    // ---- single operations: as if one at a time

    @Test
    void itsOperationsAreLinearizable() {
        isLinearizable(ProductOperations.class, Specification.class);
    }

    @Test
    void aFlagBesideTheItemsIsFound() {
        isNotLinearizable(FlaggedOperations.class, Specification.class);
    }

    @Test
    void anOfferThatLooksAndThenAddsIsFound() {
        isNotLinearizable(LooseOperations.class, Specification.class);
    }

    // ---- a consumer that really waits: a lost wake-up is a deadlock

    @Test
    void aSleeperIsWokenForEveryItem() {
        holds(INTERLEAVINGS, () -> everyItemArrives(Product::new));
    }

    @Test
    void aLostWakeUpIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everyItemArrives(FlaggedSleep::new));
    }

    private static void everyItemArrives(Function<Runnable, Box> kind) {
        Permit permit = new Permit();
        shared = kind.apply(permit::give);
        Box box = shared;
        Thread first = new Thread(() -> {
            box.offer(1);
            box.offer(2);
        });
        Thread second = new Thread(() -> box.offer(3));
        first.start();
        second.start();
        List<Integer> seen = new ArrayList<>();
        while (seen.size() < 3) {
            seen.addAll(box.drain());
            if (seen.size() < 3 && box.sleep()) {
                permit.await();
            }
        }
        join(first);
        join(second);
        seen.addAll(box.close());
        check(seen.size() == 3 && seen.indexOf(1) < seen.indexOf(2), "saw " + seen);
    }

    // ---- close

    @Test
    void whatWasAcceptedIsSeenAndWhatWasRefusedIsNot() {
        holds(INTERLEAVINGS, () -> acceptedIffSeen(Product::new));
    }

    @Test
    void anItemLostInACloseIsFound() {
        isFoundOut(INTERLEAVINGS, () -> acceptedIffSeen(FlaggedClose::new));
    }

    private static void acceptedIffSeen(Function<Runnable, Box> kind) {
        shared = kind.apply(() -> {});
        Box box = shared;
        boolean[] accepted = new boolean[4];
        Thread first = new Thread(() -> {
            accepted[1] = box.offer(1);
            accepted[2] = box.offer(2);
        });
        Thread second = new Thread(() -> accepted[3] = box.offer(3));
        first.start();
        second.start();
        List<Integer> seen = new ArrayList<>(box.drain());
        box.sleep();
        seen.addAll(box.close());
        boolean late = box.offer(0);
        join(first);
        join(second);
        check(!late, "accepted after the close");
        check(box.drain().isEmpty(), "an item came after the close");
        for (int item = 1; item <= 3; item++) {
            check(seen.contains(item) == accepted[item], item + " was accepted: " + accepted[item] + ", saw " + seen);
        }
        check(!accepted[2] || accepted[1], "reopened");
        check(!accepted[2] || seen.indexOf(1) < seen.indexOf(2), "out of order: " + seen);
    }

    // ---- what is checked

    interface Box {
        boolean offer(int item);

        List<Integer> drain();

        boolean sleep();

        List<Integer> close();
    }

    private static final class Product implements Box {
        private final Inbox<Integer> inbox;

        Product(Runnable wake) {
            inbox = new Inbox<>(wake);
        }

        @Override
        public boolean offer(int item) {
            return inbox.offer(item);
        }

        @Override
        public List<Integer> drain() {
            return listed(inbox.drain());
        }

        @Override
        public boolean sleep() {
            return inbox.sleep();
        }

        @Override
        public List<Integer> close() {
            return listed(inbox.close());
        }

        private static List<Integer> listed(Inbox.Node<Integer> oldest) {
            List<Integer> items = new ArrayList<>();
            for (Inbox.Node<Integer> node = oldest; node != null; node = node.next()) {
                items.add(node.item());
            }
            return items;
        }
    }

    /** A stack of items whose sleep and close are flags beside it. */
    private abstract static class Flagged implements Box {
        private final AtomicReference<List<Integer>> items = new AtomicReference<>(List.of());
        private final Runnable wake;
        volatile boolean asleep;
        volatile boolean closed;

        Flagged(Runnable wake) {
            this.wake = wake;
        }

        abstract boolean add(int item);

        final void push(int item) {
            while (true) {
                List<Integer> before = items.get();
                List<Integer> after = new ArrayList<>(before);
                after.add(item);
                if (items.compareAndSet(before, after)) {
                    return;
                }
            }
        }

        final boolean isEmpty() {
            return items.get().isEmpty();
        }

        final void pushLoosely(int item) {
            List<Integer> after = new ArrayList<>(items.get());
            after.add(item);
            items.set(after);
        }

        @Override
        public final boolean offer(int item) {
            if (!add(item)) {
                return false;
            }
            if (asleep) {
                asleep = false;
                wake.run();
            }
            return true;
        }

        @Override
        public final List<Integer> drain() {
            asleep = false;
            return items.getAndSet(List.of());
        }

        @Override
        public boolean sleep() {
            asleep = true;
            return !closed && isEmpty();
        }

        @Override
        public List<Integer> close() {
            closed = true;
            return items.getAndSet(List.of());
        }
    }

    /** Looks first and announces its sleep then. */
    private static final class FlaggedSleep extends Flagged {
        FlaggedSleep(Runnable wake) {
            super(wake);
        }

        @Override
        boolean add(int item) {
            push(item);
            return true;
        }

        @Override
        public boolean sleep() {
            if (!isEmpty()) {
                return false;
            }
            asleep = true;
            return true;
        }
    }

    /** Asks whether it is closed and adds then. */
    private static final class FlaggedClose extends Flagged {
        FlaggedClose(Runnable wake) {
            super(wake);
        }

        @Override
        boolean add(int item) {
            if (closed) {
                return false;
            }
            push(item);
            return true;
        }
    }

    /** Adds with a read and a write. */
    private static final class LooseOffer extends Flagged {
        LooseOffer(Runnable wake) {
            super(wake);
        }

        @Override
        boolean add(int item) {
            pushLoosely(item);
            return !closed;
        }
    }

    // ---- for Lincheck: public, one instance per execution

    /** The operations of a box; the consumer's are never parallel to one another. */
    public abstract static class Operations {
        private final Box box;

        Operations(Function<Runnable, Box> kind) {
            this.box = kind.apply(() -> {});
        }

        @Operation
        public boolean offer(int item) {
            return box.offer(item);
        }

        @Operation(nonParallelGroup = "consumer")
        public List<Integer> drain() {
            return box.drain();
        }

        @Operation(nonParallelGroup = "consumer")
        public boolean sleep() {
            return box.sleep();
        }

        @Operation(nonParallelGroup = "consumer")
        public List<Integer> close() {
            return box.close();
        }
    }

    public static final class ProductOperations extends Operations {
        public ProductOperations() {
            super(Product::new);
        }
    }

    public static final class FlaggedOperations extends Operations {
        public FlaggedOperations() {
            super(FlaggedClose::new);
        }
    }

    public static final class LooseOperations extends Operations {
        public LooseOperations() {
            super(LooseOffer::new);
        }
    }

    /** What they do when they run one at a time. */
    public static final class Specification {
        private List<Integer> items = new ArrayList<>();
        private boolean closed;

        public boolean offer(int item) {
            return !closed && items.add(item);
        }

        public List<Integer> drain() {
            List<Integer> drained = items;
            items = new ArrayList<>();
            return drained;
        }

        public boolean sleep() {
            return !closed && items.isEmpty();
        }

        public List<Integer> close() {
            closed = true;
            return drain();
        }
    }
}
