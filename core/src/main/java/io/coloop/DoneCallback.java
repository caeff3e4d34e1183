package io.coloop;

/** What {@link Future#onDone} registers. Whether it looks at the outcome is known when it has run. */
final class DoneCallback extends Listener implements DoneHook {
    private final Future<?> future;
    private final Runnable action;
    private final ContextCapture.Snapshot context;

    DoneCallback(Future<?> future, Runnable action) {
        this.future = future;
        this.action = action;
        this.context = future.loop().snapshot();
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
        try {
            if (!left) {
                context.run(action);
            }
        } finally {
            future.turnedAway();
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
