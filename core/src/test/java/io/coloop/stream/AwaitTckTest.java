package io.coloop.stream;

import java.util.concurrent.Flow;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an await of the only item. */
@Test
public class AwaitTckTest extends SubscriberTck {
    @Override
    void consume(Flow.Publisher<Integer> source) {
        Streams.await(source, left -> {});
    }
}
