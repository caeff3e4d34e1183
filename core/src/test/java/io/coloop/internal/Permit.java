package io.coloop.internal;

/** What park and unpark promise, without the spurious returns that Lincheck gives them: those would hide a lost wake-up. */
public final class Permit {
    private boolean given;

    public synchronized void give() {
        given = true;
        notifyAll();
    }

    public synchronized void await() {
        while (!given) {
            try {
                wait();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
        }
        given = false;
    }
}
