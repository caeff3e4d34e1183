package io.coloop.sync;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An immutable sequence that grows at its end and shrinks at its front; what it costs is constant on average. */
final class Fifo<E> {
    private static final class Node<E> {
        final E element;
        final @Nullable Node<E> next;

        Node(E element, @Nullable Node<E> next) {
            this.element = element;
            this.next = next;
        }
    }

    private static final Fifo<?> EMPTY = new Fifo<>(null, null, 0);

    private final @Nullable Node<E> front; // the oldest first; null only if there is none
    private final @Nullable Node<E> back; // the rest, the newest first
    private final int size;

    private Fifo(@Nullable Node<E> front, @Nullable Node<E> back, int size) {
        this.front = front;
        this.back = back;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // it has no element
    static <E> Fifo<E> empty() {
        return (Fifo<E>) EMPTY;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    Fifo<E> with(E element) {
        return front == null
                ? new Fifo<>(new Node<>(element, null), null, 1)
                : new Fifo<>(front, new Node<>(element, back), size + 1);
    }

    /** The oldest; there must be one. */
    E first() {
        return Objects.requireNonNull(front).element;
    }

    /** All but the oldest; there must be one. */
    Fifo<E> withoutFirst() {
        Node<E> second = Objects.requireNonNull(front).next;
        return second == null ? new Fifo<>(reversed(back), null, size - 1) : new Fifo<>(second, back, size - 1);
    }

    /** All but this very element, if it is in. Costs the size. */
    Fifo<E> without(E element) {
        Fifo<E> kept = empty();
        for (Fifo<E> left = this; !left.isEmpty(); left = left.withoutFirst()) {
            if (left.first() != element) {
                kept = kept.with(left.first());
            }
        }
        return kept.size == size ? this : kept;
    }

    private static <E> @Nullable Node<E> reversed(@Nullable Node<E> newestFirst) {
        Node<E> oldestFirst = null;
        for (Node<E> node = newestFirst; node != null; node = node.next) {
            oldestFirst = new Node<>(node.element, oldestFirst);
        }
        return oldestFirst;
    }
}
