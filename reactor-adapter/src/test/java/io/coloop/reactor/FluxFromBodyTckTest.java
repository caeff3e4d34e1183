package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code flux(loop, body)}. */
@Test
public class FluxFromBodyTckTest extends PublisherTck {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        return Reactor.flux(loop, emitter -> {
            for (long i = 0; i < elements; i++) {
                emitter.emit(i);
            }
        });
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return Reactor.flux(loop, emitter -> {
            throw new IllegalStateException("fails on purpose");
        });
    }
}
