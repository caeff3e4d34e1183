package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of {@code awaitLast(publisher)}. */
@Test
public class AwaitLastTckTest extends SubscriberTck {
    @Override
    void consume(Publisher<Integer> source) {
        Reactor.awaitLast(source, left -> {});
    }
}
