package io.coloop.reactor;

import io.coloop.sync.Queue;
import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code flux(loop, queue)}. */
@Test
public class FluxFromQueueTckTest extends PublisherTck {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        Queue<Long> queue = loop.spawn(() -> filled(elements)).join();
        return Reactor.flux(loop, queue);
    }

    private static Queue<Long> filled(long count) {
        Queue<Long> queue = Queue.unbounded();
        for (long i = 0; i < Math.min(count, 1_000); i++) {
            queue.put(i);
        }
        queue.shutdown();
        return queue;
    }

    /** As many as are made in memory. */
    @Override
    public long maxElementsFromPublisher() {
        return 1_000;
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return null; // a queue does not fail
    }
}
