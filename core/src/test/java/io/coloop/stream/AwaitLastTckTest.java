package io.coloop.stream;

import java.util.concurrent.Flow;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an await of the last item. */
@Test
public class AwaitLastTckTest extends SubscriberTck {
    @Override
    void consume(Flow.Publisher<Integer> source) {
        Streams.awaitLast(source);
    }
}
