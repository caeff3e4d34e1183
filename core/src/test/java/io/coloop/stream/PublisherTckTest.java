package io.coloop.stream;

import io.coloop.Loop;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * The Reactive Streams TCK for what a body emits.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>7 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the publisher</td></tr>
 * </table>
 */
@Test
public class PublisherTckTest extends FlowPublisherVerification<Long> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    Loop loop;

    public PublisherTckTest() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS), 100);
    }

    @BeforeClass
    void startLoop() {
        loop = Loop.builder().name("tck").exceptionHandler(report -> {}).start();
    }

    @AfterClass(alwaysRun = true)
    void closeLoop() {
        loop.close();
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
        return Streams.publisher(loop, emitter -> {
            for (long i = 0; i < elements; i++) {
                emitter.emit(i);
            }
        });
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
        return Streams.publisher(loop, emitter -> {
            throw new IllegalStateException("fails on purpose");
        });
    }
}
