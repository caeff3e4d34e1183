package io.coloop.sync;

import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A sequence that grows at its end and shrinks anywhere, in one array. Taking an element out costs its distance from the nearer end: nothing when they leave
 * in the order they came, or in reverse.
 */
final class Ring<T> {
    private static final int FIRST_CAPACITY = 8; // a power of two, as all capacities

    private @Nullable Object[] slots = {};
    private int head;
    private int size;

    int size() {
        return size;
    }

    @SuppressWarnings("unchecked")
    T get(int index) {
        return (T) Objects.requireNonNull(slots[slot(index)]);
    }

    void add(T element) {
        if (size == slots.length) {
            grow();
        }
        slots[slot(size)] = element;
        size++;
    }

    /** Takes this very element out, which must be in; returns the index that it had. */
    int remove(T element) {
        for (int front = 0, back = size - 1; front <= back; front++, back--) {
            if (slots[slot(front)] == element) {
                closeFront(front);
                return front;
            }
            if (slots[slot(back)] == element) {
                closeBack(back);
                return back;
            }
        }
        throw new NoSuchElementException("not in the ring: " + element);
    }

    private void closeFront(int gap) {
        for (int index = gap; index > 0; index--) {
            slots[slot(index)] = slots[slot(index - 1)];
        }
        slots[head] = null;
        head = slot(1);
        size--;
    }

    private void closeBack(int gap) {
        size--;
        for (int index = gap; index < size; index++) {
            slots[slot(index)] = slots[slot(index + 1)];
        }
        slots[slot(size)] = null;
    }

    private int slot(int index) {
        return (head + index) & (slots.length - 1);
    }

    private void grow() {
        @Nullable Object[] bigger = Arrays.copyOfRange(slots, head, head + Math.max(FIRST_CAPACITY, 2 * size));
        System.arraycopy(slots, 0, bigger, size - head, head);
        slots = bigger;
        head = 0;
    }
}
