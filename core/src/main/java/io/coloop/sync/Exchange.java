package io.coloop.sync;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Items, and who waits to put or to get one, for any number of threads. Knows nothing of loops: how one waits is the caller's business. */
class Exchange<T> {
    /** One wait at an exchange. Signalled or withdrawn, never both; each may be tried on any thread. */
    interface Turn {
        /** Ends the wait; false if it was withdrawn. */
        boolean signal();

        /** Waits for the signal; throws if the wait is cut short. */
        void await();

        /** Refuses the signal from now on; false if it was signalled before. */
        boolean withdraw();
    }

    /*
     * One word is the whole state, and each step replaces it with one compare-and-set: nobody holds anything that another thread would have to wait for.
     *
     *   put      not full -> the item is in, then a getter is signalled     full -> the turn is in line
     *   get      an item -> it is out, then a putter is signalled           none -> the turn is in line
     *   shut     both lines are empty, then all who were in them are signalled
     *
     * A turn gets into line only in a state in which it has to wait, and each item that comes takes a getter out of line and signals it. So while getters are in line, as many as there are items, at least, are
     * signalled and on their way; the same holds for putters and room. Whoever is signalled and does not come signals the next. Who comes may find that another was faster: an item belongs to nobody until it is out,
     * so there is none to lose with a getter that is cancelled.
     */
    static final class State<T> { // no record: a model checker cannot see what is reached through one
        final Fifo<T> items;
        final Fifo<Turn> getters;
        final Fifo<Turn> putters;
        final boolean shut;

        State(Fifo<T> items, Fifo<Turn> getters, Fifo<Turn> putters, boolean shut) {
            this.items = items;
            this.getters = getters;
            this.putters = putters;
            this.shut = shut;
        }

        Fifo<Turn> line(boolean getting) {
            return getting ? getters : putters;
        }

        State<T> withLine(boolean getting, Fifo<Turn> line) {
            return getting ? new State<>(items, line, putters, shut) : new State<>(items, getters, line, shut);
        }

        State<T> withItems(Fifo<T> changed) {
            return new State<>(changed, getters, putters, shut);
        }
    }

    private final AtomicReference<State<T>> state =
            new AtomicReference<>(new State<>(Fifo.empty(), Fifo.empty(), Fifo.empty(), false));
    private final int capacity;

    Exchange(int capacity) {
        this.capacity = capacity;
    }

    int capacity() {
        return capacity;
    }

    /** Whether the state was that one and is this one now. */
    boolean replace(State<T> before, State<T> after) {
        return state.compareAndSet(before, after);
    }

    State<T> state() {
        return state.get();
    }

    boolean tryPut(T item) {
        while (true) {
            State<T> now = state();
            if (now.shut) {
                throw new QueueShutDownException();
            }
            if (now.items.size() >= capacity) {
                return false;
            }
            if (replace(now, now.withItems(now.items.with(item)))) {
                signalNext(true);
                return true;
            }
        }
    }

    void put(T item, Supplier<? extends Turn> turns) {
        while (!tryPut(item)) {
            park(turns.get(), false);
        }
    }

    @Nullable
    T tryGet() {
        while (true) {
            State<T> now = state();
            if (now.items.isEmpty()) {
                if (now.shut) {
                    throw new QueueShutDownException();
                }
                return null;
            }
            if (replace(now, now.withItems(now.items.withoutFirst()))) {
                signalNext(false);
                return now.items.first();
            }
        }
    }

    T get(Supplier<? extends Turn> turns) {
        T item = tryGet();
        while (item == null) {
            park(turns.get(), true);
            item = tryGet();
        }
        return item;
    }

    void shutDown() {
        while (true) {
            State<T> now = state();
            if (replace(now, new State<>(now.items, Fifo.empty(), Fifo.empty(), true))) {
                signalAll(now.getters);
                signalAll(now.putters);
                return;
            }
        }
    }

    // ---- the lines

    private void park(Turn turn, boolean getting) {
        if (!enter(turn, getting)) {
            return;
        }
        try {
            turn.await();
        } catch (Throwable cutShort) {
            leave(turn, getting);
            throw cutShort;
        }
    }

    /** Gets into line; false if there is nothing to wait for any more. */
    boolean enter(Turn turn, boolean getting) {
        while (true) {
            State<T> now = state();
            boolean mustWait = getting ? now.items.isEmpty() : now.items.size() >= capacity;
            if (!mustWait || now.shut) {
                return false;
            }
            if (replace(now, now.withLine(getting, now.line(getting).with(turn)))) {
                return true;
            }
        }
    }

    /** Gets out of line, and hands on the signal that it had and does not use. */
    void leave(Turn turn, boolean getting) {
        if (!turn.withdraw()) {
            signalNext(getting);
            return;
        }
        while (true) {
            State<T> now = state();
            Fifo<Turn> others = now.line(getting).without(turn);
            if (others == now.line(getting) || replace(now, now.withLine(getting, others))) {
                return;
            }
        }
    }

    private void signalNext(boolean getting) {
        while (true) {
            State<T> now = state();
            Fifo<Turn> line = now.line(getting);
            if (line.isEmpty()) {
                return;
            }
            if (replace(now, now.withLine(getting, line.withoutFirst()))
                    && line.first().signal()) {
                return;
            }
        }
    }

    private static void signalAll(Fifo<Turn> line) {
        for (Fifo<Turn> left = line; !left.isEmpty(); left = left.withoutFirst()) {
            left.first().signal();
        }
    }
}
