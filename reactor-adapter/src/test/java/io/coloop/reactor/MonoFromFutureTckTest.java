package io.coloop.reactor;

import io.coloop.Promise;
import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for {@code mono(future)}. */
@Test
public class MonoFromFutureTckTest extends PublisherTck.OfMono {
    @Override
    public Publisher<Long> createPublisher(long elements) {
        Promise<Long> promise = loop.promise();
        promise.complete(elements == 0 ? null : 1L);
        return Reactor.mono(promise.future());
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        Promise<Long> promise = loop.promise();
        promise.fail(new IllegalStateException("fails on purpose"));
        return Reactor.mono(promise.future());
    }
}
