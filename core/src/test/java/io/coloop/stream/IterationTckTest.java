package io.coloop.stream;

import java.util.concurrent.Flow;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an iteration. */
@Test
public class IterationTckTest extends SubscriberTck {
    @Override
    void consume(Flow.Publisher<Integer> source) {
        try (Iteration<Integer> items = Streams.iterate(source, 4, left -> {})) {
            items.forEach(item -> {});
        }
    }
}
