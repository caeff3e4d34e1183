package io.coloop.stream;

import java.util.concurrent.Flow;
import java.util.stream.LongStream;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for a published iterable. */
@Test
public class IterablePublisherTckTest extends PublisherTckTest {
    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
        return Streams.publisher(loop, () -> LongStream.range(0, elements).iterator());
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
        return Streams.publisher(loop, (Iterable<Long>) () -> {
            throw new IllegalStateException("fails on purpose");
        });
    }
}
