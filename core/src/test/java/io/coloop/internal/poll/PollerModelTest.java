package io.coloop.internal.poll;

import static io.coloop.internal.Models.holds;
import static io.coloop.internal.Models.isFoundOut;
import static io.coloop.internal.Models.join;

import io.coloop.internal.Permit;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A loop's thread that reads what is sent, with a thread that selects for it: nobody may wait for ever. The selector and its key are the model's; what is checked is in which order the product touches them, on
 * the product and on twins that take one step out of its place, which must be found out.
 */
@Tag("lincheck")
class PollerModelTest {
    private static final int INTERLEAVINGS = 1000;
    private static final int BYTES = 2;

    /** Where each protocol is kept and read back: one that only lambdas share is thread-local for Lincheck, which then never switches inside it. */
    private static Protocol shared;

    private static Kernel kernel;

    @Test
    void whoAsksIsTold() {
        holds(INTERLEAVINGS, () -> everythingIsRead(Product::new));
    }

    @Test
    void aTellingBeforeTheClearingIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everythingIsRead(TellsBeforeItClears::new));
    }

    @Test
    void aQuestionWithoutAWakeUpIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everythingIsRead(NeverWakes::new));
    }

    @Test
    void aWakeUpBeforeTheQuestionIsFound() {
        isFoundOut(INTERLEAVINGS, () -> everythingIsRead(WakesBeforeItAsks::new));
    }

    private static void everythingIsRead(BiFunction<Kernel, Permit, Protocol> kind) {
        Permit told = new Permit();
        kernel = new Kernel();
        shared = kind.apply(kernel, told);
        Protocol protocol = shared;
        Kernel here = kernel;
        Thread selecting = new Thread(() -> {
            while (here.selectOnce()) {
                protocol.fire();
            }
        });
        selecting.start();
        for (int i = 0; i < BYTES; i++) {
            protocol.arm();
            here.send();
            told.await();
            while (here.receive() == 0) { // what was told was the byte before
                protocol.arm();
                told.await();
            }
        }
        here.stop();
        join(selecting);
    }

    /** One channel that can only be read, and a selector: what is of interest when a select begins counts for it, until it is woken. */
    private static final class Kernel extends Selector {
        final Key key = new Key(this);
        private int bytes;
        private boolean woken;
        private boolean stopped;

        /** Waits until the channel is ready for what was asked before, or for a wake-up; false at the end. A key that is not ready fires nothing. */
        synchronized boolean select(int interest) {
            while (!stopped && !woken && !(bytes > 0 && interest != 0)) {
                try {
                    wait();
                } catch (InterruptedException impossible) {
                    throw new AssertionError(impossible);
                }
            }
            woken = false;
            key.ready = bytes > 0 ? interest : 0;
            return !stopped;
        }

        synchronized void send() {
            bytes++;
            notifyAll();
        }

        synchronized int receive() {
            int all = bytes;
            bytes = 0;
            return all;
        }

        synchronized void stop() {
            stopped = true;
            notifyAll();
        }

        @Override
        public synchronized Selector wakeup() {
            woken = true;
            notifyAll();
            return this;
        }

        @Override
        public int select() {
            throw new UnsupportedOperationException();
        }

        boolean selectOnce() {
            return select(key.interestOps());
        }

        @Override
        public int select(long timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int selectNow() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public SelectorProvider provider() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Set<SelectionKey> keys() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Set<SelectionKey> selectedKeys() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    private static final class Key extends SelectionKey {
        private final Kernel kernel;
        private final AtomicInteger interest = new AtomicInteger();
        int ready; // the selecting thread's

        Key(Kernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public int interestOpsOr(int ops) {
            while (true) {
                int before = interest.get();
                if (interest.compareAndSet(before, before | ops)) {
                    return before;
                }
            }
        }

        @Override
        public int interestOpsAnd(int ops) {
            while (true) {
                int before = interest.get();
                if (interest.compareAndSet(before, before & ops)) {
                    return before;
                }
            }
        }

        @Override
        public int interestOps() {
            return interest.get();
        }

        @Override
        public SelectionKey interestOps(int ops) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int readyOps() {
            return ready;
        }

        @Override
        public SelectableChannel channel() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Selector selector() {
            return kernel;
        }

        @Override
        public boolean isValid() {
            return true;
        }

        @Override
        public void cancel() {}
    }

    // ---- what is checked

    abstract static class Protocol {
        final Kernel kernel;
        final Permit told;

        Protocol(Kernel kernel, Permit told) {
            this.kernel = kernel;
            this.told = told;
            kernel.key.attach((Poller.Target) operations -> told.give());
        }

        abstract void arm();

        abstract void fire();
    }

    private static class Product extends Protocol {
        private final Poller poller;

        Product(Kernel kernel, Permit told) {
            super(kernel, told);
            this.poller = new Poller(kernel, true);
        }

        @Override
        void arm() {
            poller.arm(kernel.key, SelectionKey.OP_READ);
        }

        @Override
        void fire() {
            if (kernel.key.ready != 0) {
                Poller.fire(kernel.key);
            }
        }
    }

    private static final class TellsBeforeItClears extends Product {
        TellsBeforeItClears(Kernel kernel, Permit told) {
            super(kernel, told);
        }

        @Override
        void fire() {
            if (kernel.key.ready != 0) {
                told.give();
                kernel.key.interestOpsAnd(~kernel.key.ready);
            }
        }
    }

    private static final class NeverWakes extends Product {
        NeverWakes(Kernel kernel, Permit told) {
            super(kernel, told);
        }

        @Override
        void arm() {
            kernel.key.interestOpsOr(SelectionKey.OP_READ);
        }
    }

    private static final class WakesBeforeItAsks extends Product {
        WakesBeforeItAsks(Kernel kernel, Permit told) {
            super(kernel, told);
        }

        @Override
        void arm() {
            kernel.wakeup();
            kernel.key.interestOpsOr(SelectionKey.OP_READ);
        }
    }
}
