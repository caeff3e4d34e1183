package io.coloop.net;

import io.coloop.Await;

/** Lets others run when a socket is always ready. Ask before the try, so that a cancel loses nothing. */
final class Budget {
    private static final int TRIES = 16;

    private int unwaited; // tries in a row that found the socket ready

    void consume() {
        if (++unwaited > TRIES) {
            unwaited = 0;
            Await.yieldNow();
        }
    }

    /** The socket was not ready, so others run anyway. */
    void waits() {
        unwaited = 0;
    }
}
