package io.coloop.io;

import java.io.EOFException;

/** The input ended in the middle of what was asked for. What came is taken out of the stream and in here. */
public final class IncompleteReadException extends EOFException {
    private static final long serialVersionUID = 1L;

    private final byte[] received;

    IncompleteReadException(String message, byte[] received) {
        super(message);
        this.received = received;
    }

    /** The bytes that came before the end: a copy. */
    public byte[] received() {
        return received.clone();
    }
}
