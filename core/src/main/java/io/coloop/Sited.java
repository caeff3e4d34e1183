package io.coloop;

/** An action that knows where the user's code asked for it; in debug mode. */
record Sited(Runnable action, String site) implements Runnable {
    @Override
    public void run() {
        action.run();
    }
}
