package io.coloop;

/** Loops that nobody drives: a test's own thread turns them. For model checks, which cannot drive virtual threads. */
public final class Undriven {
    private Undriven() {}

    /** A loop that gives its reports to this handler. */
    public static Loop loop(ExceptionHandler handler) {
        return new Loop(new LoopBuilder().exceptionHandler(handler), OwnedDriver::new);
    }

    /** Runs what is ready on the calling thread. */
    public static void turn(Loop loop) {
        loop.turn();
    }
}
