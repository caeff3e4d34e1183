package io.coloop;

/** What {@link Future#onDone} registers. Whether it looks at the outcome is known when it has run, or later. */
final class DoneCallback extends Listener implements DoneHook {
    private final Future<?> future;
    private final Runnable action;

    DoneCallback(Future<?> future, Runnable action) {
        this.future = future;
        this.action = action;
    }

    @Override
    Loop loop() {
        return future.loop();
    }

    @Override
    boolean observes() {
        return true;
    }

    @Override
    boolean mayTurnAway() {
        return true;
    }

    @Override
    public void run() {
        if (left) {
            future.turnedAway();
            return;
        }
        try {
            action.run();
        } finally {
            loop().failures().hold(future);
        }
    }

    @Override
    public void remove() {
        future.unregister(this);
    }

    @Override
    public String toString() {
        return "DoneHook[" + action + "]";
    }
}
