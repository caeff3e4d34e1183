package io.coloop.reactor;

import io.coloop.stream.Iteration;
import org.reactivestreams.Publisher;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of {@code iterate(publisher)}. */
@Test
public class IterationTckTest extends SubscriberTck {
    @Override
    void consume(Publisher<Integer> source) {
        try (Iteration<Integer> items = Reactor.iterate(source, 4, left -> {})) {
            items.forEach(item -> {});
        }
    }
}
