package io.coloop.internal.queue;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The door through which other threads hand items to one consumer: many producers, FIFO per producer, a wake-up and
 * a close.
 *
 * @param <E> the items
 */
public final class Inbox<E> {
    /*
     * One word holds the whole protocol, so each step is one atomic instruction:
     *
     *   null      empty, the consumer is awake
     *   ASLEEP    empty, the consumer waits and wants a wake-up
     *   CLOSED    nothing is accepted any more
     *   a node    the newest item; `next` leads to the older ones
     *
     *   offer    null | node -> node       ASLEEP -> node and wake     CLOSED: refused
     *   drain    node -> null              ASLEEP -> null              (consumer)
     *   sleep    null -> ASLEEP            node: refused               (consumer)
     *   close    any -> CLOSED, and the consumer gets what was left    (consumer)
     *
     * An item is accepted if and only if its offer returned true, and then the consumer sees it, in drain or in close.
     * The producer that replaces ASLEEP is the only one that wakes, so a sleep costs one wake-up.
     */
    private static final Node<?> ASLEEP = new Node<>(null);
    private static final Node<?> CLOSED = new Node<>(null);

    private final AtomicReference<@Nullable Node<E>> head = new AtomicReference<>();
    private final Runnable wake;

    /**
     * @param wake called by the producer whose item ends a sleep, on the producer's thread
     */
    public Inbox(Runnable wake) {
        this.wake = Objects.requireNonNull(wake, "wake");
    }

    /** Adds an item, from any thread; false if the inbox is closed, and then the item is still the caller's. */
    public boolean offer(E item) {
        Node<E> node = new Node<>(Objects.requireNonNull(item, "item"));
        while (true) {
            Node<E> newest = head.get();
            if (newest == CLOSED) {
                return false;
            }
            node.next = newest == ASLEEP ? null : newest;
            if (head.compareAndSet(newest, node)) {
                if (newest == ASLEEP) {
                    wake.run();
                }
                return true;
            }
        }
    }

    /** Takes all items, oldest first; the chain is empty (null) if there are none. Consumer only. Ends a sleep. */
    public @Nullable Node<E> drain() {
        Node<E> newest = head.get();
        if (newest == null || newest == CLOSED) {
            return null;
        }
        return oldestFirst(head.getAndSet(null));
    }

    /** Announces that the consumer is about to wait; false if there is an item, and then it must not. Consumer only. */
    @SuppressWarnings("unchecked")
    public boolean sleep() {
        return head.compareAndSet(null, (Node<E>) ASLEEP) || head.get() == ASLEEP;
    }

    /** Closes the inbox and returns the items left, oldest first. Consumer only. */
    @SuppressWarnings("unchecked")
    public @Nullable Node<E> close() {
        return oldestFirst(head.getAndSet((Node<E>) CLOSED));
    }

    /** Whether there is nothing to take. Any thread. */
    public boolean isEmpty() {
        Node<E> newest = head.get();
        return newest == null || newest == ASLEEP || newest == CLOSED;
    }

    /** Whether {@link #close()} was called. Any thread. */
    public boolean isClosed() {
        return head.get() == CLOSED;
    }

    private static <E> @Nullable Node<E> oldestFirst(@Nullable Node<E> newest) {
        if (newest == ASLEEP || newest == CLOSED) {
            return null;
        }
        Node<E> oldest = null;
        while (newest != null) {
            Node<E> older = newest.next;
            newest.next = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    /**
     * One item of a chain.
     *
     * @param <E> the items
     */
    public static final class Node<E> {
        private final @Nullable E item; // null only in the two sentinels
        private @Nullable Node<E> next; // the producer's until published, then the consumer's

        private Node(@Nullable E item) {
            this.item = item;
        }

        /** The item. */
        public E item() {
            return Objects.requireNonNull(item);
        }

        /** The next younger item, or null. */
        public @Nullable Node<E> next() {
            return next;
        }
    }
}
