package io.coloop.examples.onethread;

import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Sees every piece of user code run: on which carrier thread, and how many at once. Thread-safe. */
final class Witness {
    private final Set<String> carriers = new ConcurrentSkipListSet<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    <T> T watch(Supplier<T> userCode) {
        carriers.add(carrier());
        mostAtOnce.accumulateAndGet(running.incrementAndGet(), Math::max);
        try {
            return userCode.get();
        } finally {
            running.decrementAndGet();
        }
    }

    /** The platform thread that carries the calling code. */
    static String carrier() {
        Thread thread = Thread.currentThread();
        String text = thread.toString(); // a virtual thread's ends with @ and its carrier
        String carrier = thread.isVirtual() ? text.substring(text.lastIndexOf('@') + 1) : thread.getName();
        return carrier.replaceFirst(
                " @coroutine#.*", ""); // kotlinx adds it while a coroutine runs, if assertions are on
    }

    Set<String> carriers() {
        return Set.copyOf(carriers);
    }

    int mostAtOnce() {
        return mostAtOnce.get();
    }
}
