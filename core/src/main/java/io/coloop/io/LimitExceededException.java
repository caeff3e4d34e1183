package io.coloop.io;

import java.io.IOException;

/** What was asked for did not end within its limit. Nothing was taken out of the stream. */
public final class LimitExceededException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int limit;

    LimitExceededException(String what, int limit) {
        super(what + " within " + limit + " bytes");
        this.limit = limit;
    }

    /** The limit, in bytes. */
    public int limit() {
        return limit;
    }
}
