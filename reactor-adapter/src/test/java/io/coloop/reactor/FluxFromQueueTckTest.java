package io.coloop.reactor;

import io.coloop.Loop;
import io.coloop.sync.Queue;
import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code flux(loop, queue)}. */
@Test
public class FluxFromQueueTckTest extends PublisherTck {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        Queue<Long> queue = loop.spawn(() -> Queue.<Long>bounded(16)).join();
        loop.spawn(() -> {
            for (long i = 0; i < elements; i++) {
                queue.put(i); // those that nobody takes wait until the loop closes
            }
            queue.shutdown();
        });
        return Reactor.flux(loop, queue);
    }

    /** A queue does not fail, but its loop may be closed. */
    @Override
    public Publisher<Long> createFailedPublisher() {
        Loop closed = Loop.start("closed");
        closed.close();
        return Reactor.flux(closed, Queue.<Long>unbounded());
    }
}
