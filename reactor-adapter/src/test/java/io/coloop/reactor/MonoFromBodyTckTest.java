package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code mono(loop, body)}. */
@Test
public class MonoFromBodyTckTest extends PublisherTck.OfMono {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        return Reactor.mono(loop, () -> elements == 0 ? null : 1L);
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return Reactor.mono(loop, () -> {
            throw new IllegalStateException("fails on purpose");
        });
    }
}
