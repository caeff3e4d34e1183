package io.coloop.internal.queue;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Timers in the order of their deadlines, those with equal deadlines in the order in which they were added. Confined to
 * one thread at a time.
 */
public final class TimerHeap {
    /*
     * A binary heap in an array; each timer knows its index, so removal is O(log n). The sequence number makes the order
     * total. Deadlines are compared by value, not by difference: the owner counts from an origin of its own and saturates.
     */
    private @Nullable Timer[] heap = new @Nullable Timer[16];
    private int size;
    private long added;

    /** Adds a timer. */
    public Timer add(long deadline, Runnable action) {
        Timer timer = new Timer(deadline, added++, Objects.requireNonNull(action, "action"));
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        siftUp(size++, timer);
        return timer;
    }

    /** Removes a timer; false if it was removed before. */
    public boolean remove(Timer timer) {
        int index = timer.index;
        if (index < 0) {
            return false;
        }
        timer.index = -1;
        Timer last = at(--size);
        heap[size] = null;
        if (last != timer) {
            siftDown(index, last);
            if (heap[index] == last) {
                siftUp(index, last);
            }
        }
        return true;
    }

    /** The deadline of the first timer, or {@link Long#MAX_VALUE} if there is none. */
    public long nextDeadline() {
        return size == 0 ? Long.MAX_VALUE : at(0).deadline;
    }

    /** Removes and returns the first timer if its deadline is not after {@code now}, else null. */
    public @Nullable Timer pollDue(long now) {
        if (size == 0 || at(0).deadline > now) {
            return null;
        }
        Timer first = at(0);
        remove(first);
        return first;
    }

    /** How many timers are armed. */
    public int size() {
        return size;
    }

    /** The armed timers, the next one first: a copy. */
    public List<Timer> list() {
        return Stream.of(heap)
                .limit(size)
                .map(Objects::requireNonNull)
                .sorted((one, other) -> one.before(other) ? -1 : 1)
                .toList();
    }

    /** Removes every timer. */
    public void clear() {
        for (int i = 0; i < size; i++) {
            at(i).index = -1;
            heap[i] = null;
        }
        size = 0;
    }

    private void siftUp(int index, Timer timer) {
        while (index > 0) {
            int parent = (index - 1) >>> 1;
            if (!timer.before(at(parent))) {
                break;
            }
            place(index, at(parent));
            index = parent;
        }
        place(index, timer);
    }

    private void siftDown(int index, Timer timer) {
        int half = size >>> 1;
        while (index < half) {
            int child = 2 * index + 1;
            if (child + 1 < size && at(child + 1).before(at(child))) {
                child++;
            }
            if (!at(child).before(timer)) {
                break;
            }
            place(index, at(child));
            index = child;
        }
        place(index, timer);
    }

    private void place(int index, Timer timer) {
        heap[index] = timer;
        timer.index = index;
    }

    private Timer at(int index) {
        return Objects.requireNonNull(heap[index]);
    }

    /** One timer. */
    public static final class Timer {
        private final long deadline;
        private final long order;
        private final Runnable action;
        private int index; // -1 once it is out of the heap

        private Timer(long deadline, long order, Runnable action) {
            this.deadline = deadline;
            this.order = order;
            this.action = action;
        }

        /** When it is due, in the owner's nanoseconds. */
        public long deadline() {
            return deadline;
        }

        /** What it is for. */
        public Runnable action() {
            return action;
        }

        /** Whether it is still in the heap. */
        public boolean isArmed() {
            return index >= 0;
        }

        private boolean before(Timer other) {
            return deadline < other.deadline || (deadline == other.deadline && order < other.order);
        }
    }
}
