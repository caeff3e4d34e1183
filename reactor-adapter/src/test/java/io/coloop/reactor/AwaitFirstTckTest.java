package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of {@code awaitFirst(publisher)}. */
@Test
public class AwaitFirstTckTest extends SubscriberTck {
    @Override
    void consume(Publisher<Integer> source) {
        Reactor.awaitFirst(source, left -> {});
    }
}
