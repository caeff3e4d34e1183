package io.coloop;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@link Loop#subscribe} started and has not ended, linked through what listens for its end. The loop's. */
final class Subscriptions {
    private final Loop loop;
    private @Nullable Underway newest;
    private int count;

    Subscriptions(Loop loop) {
        this.loop = loop;
    }

    /** Subscribes a source, unless nobody wants it any more. */
    <T extends @Nullable Object> void begin(Awaitable<T> source, Promise<T> promise, @Nullable String site) {
        if (loop.isClosed()) {
            promise.future().cancel(loop.closing().reasonForOthers()); // it was accepted, and nothing would end it
        }
        if (promise.isDone()) {
            return;
        }
        try {
            source.subscribe(promise);
        } catch (Throwable failure) {
            promise.fail(failure);
        }
        if (!promise.isDone()) {
            add(new Underway(promise.future(), site));
        }
    }

    private void add(Underway subscription) {
        count++;
        subscription.older = newest;
        if (newest != null) {
            newest.younger = subscription;
        }
        newest = subscription;
        subscription.future.register(subscription);
    }

    int count() {
        return count;
    }

    /** The newest first: a copy. */
    List<Underway> list() {
        List<Underway> all = new ArrayList<>(count);
        for (Underway each = newest; each != null; each = each.older) {
            all.add(each);
        }
        return all;
    }

    /** Cancels all, the newest first; they leave the list from the ready queue. */
    void cancelAll(String reason) {
        for (Underway each = newest; each != null; each = each.older) {
            each.future.cancel(reason);
        }
    }

    /** One whose future is pending. */
    final class Underway extends Listener {
        private final Future<?> future;
        private final @Nullable String site; // in debug mode
        private @Nullable Underway older;
        private @Nullable Underway younger;

        private Underway(Future<?> future, @Nullable String site) {
            this.future = future;
            this.site = site;
        }

        @Override
        Loop loop() {
            return loop;
        }

        @Override
        boolean observes() {
            return false;
        }

        /** It has ended. */
        @Override
        public void run() {
            count--;
            if (older != null) {
                older.younger = younger;
            }
            if (younger != null) {
                younger.older = older;
            } else {
                newest = older;
            }
        }

        /** To what, and where it was asked for. */
        @Override
        public String toString() {
            return "to " + Dump.sourceName(future.origin()) + (site == null ? "" : ", begun at " + site);
        }
    }
}
