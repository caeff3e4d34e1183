package io.coloop.internal.bytes;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes that were received and not asked for yet. Not thread-safe. */
public final class InputBuffer {
    private static final byte[] EMPTY = {};
    private static final int INITIAL = 512; // most connections wait for a line, or for nothing
    private static final int BUSY = 16 * 1024; // what one grows to whose bytes come faster
    private static final int KEPT = 64 * 1024; // a larger array goes when it is empty

    private byte[] bytes = EMPTY;
    private int head;
    private int tail;
    private boolean filled; // by the last that came, so that there may be more

    public int size() {
        return tail - head;
    }

    /** Room for more behind what is there, in all for {@code wanted} bytes if that is not too much at once. Add what came with {@link #added}. */
    public ByteBuffer room(int wanted) {
        if (head > 0 && (head == tail || bytes.length - tail < INITIAL)) {
            System.arraycopy(bytes, head, bytes, 0, size());
            tail = size();
            head = 0;
        }
        int least = Math.min(wanted, KEPT);
        if (tail == bytes.length || bytes.length < least || (filled && bytes.length < BUSY)) {
            int doubled = Math.max(INITIAL, (int) Math.min(Integer.MAX_VALUE - 8L, bytes.length * 2L));
            bytes = Arrays.copyOf(bytes, Math.max(doubled, least));
        }
        return ByteBuffer.wrap(bytes, tail, bytes.length - tail);
    }

    public void added(int count) {
        tail += count;
        filled = tail == bytes.length;
    }

    public byte[] take(int count) {
        byte[] taken = Arrays.copyOfRange(bytes, head, head + count);
        skip(count);
        return taken;
    }

    /** Moves as much as there is, and as fits; returns how much. */
    public int moveTo(ByteBuffer into) {
        int count = Math.min(size(), into.remaining());
        into.put(bytes, head, count);
        skip(count);
        return count;
    }

    /** Forgets it all. */
    public void clear() {
        skip(size());
    }

    private void skip(int count) {
        head += count;
        if (head == tail) {
            head = 0;
            tail = 0;
            if (bytes.length > KEPT) {
                bytes = EMPTY;
            }
        }
    }

    /** Where the separator begins, at or after {@code from}, from the first byte on; or -1. */
    public int indexOf(byte[] separator, int from) {
        int last = tail - separator.length;
        for (int at = head + from; at <= last; at++) {
            if (bytes[at] == separator[0]
                    && Arrays.equals(bytes, at, at + separator.length, separator, 0, separator.length)) {
                return at - head;
            }
        }
        return -1;
    }
}
