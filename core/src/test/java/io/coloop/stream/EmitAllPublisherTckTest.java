package io.coloop.stream;

import java.util.concurrent.Flow;
import java.util.stream.LongStream;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for what a body emits together. */
@Test
public class EmitAllPublisherTckTest extends PublisherTckTest {
    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
        return Streams.publisher(
                loop,
                emitter -> emitter.emitAll(
                        LongStream.range(0, Math.min(elements, 1_000)).boxed().toList()));
    }
}
