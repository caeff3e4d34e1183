package io.coloop.reactor;

import java.util.stream.LongStream;
import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code flux(loop, iterable)}. */
@Test
public class FluxFromIterableTckTest extends PublisherTck {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        Iterable<Long> items = () -> LongStream.range(0, elements).iterator();
        return Reactor.flux(loop, items);
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        Iterable<Long> broken = () -> {
            throw new IllegalStateException("fails on purpose");
        };
        return Reactor.flux(loop, broken);
    }
}
