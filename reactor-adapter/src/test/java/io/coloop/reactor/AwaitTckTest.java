package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of {@code await(publisher)}. */
@Test
public class AwaitTckTest extends SubscriberTck {
    @Override
    void consume(Publisher<Integer> source) {
        Reactor.await(source, left -> {});
    }
}
