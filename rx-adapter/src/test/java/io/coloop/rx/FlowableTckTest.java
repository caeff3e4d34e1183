package io.coloop.rx;

import io.coloop.Loop;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * The Reactive Streams TCK for a Flowable of what a body emits.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>7 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the publisher</td></tr>
 * </table>
 */
@Test
public class FlowableTckTest extends PublisherVerification<Long> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    private Loop loop;

    public FlowableTckTest() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS), 100);
    }

    @BeforeClass
    void startLoop() {
        RxJavaPlugins.setErrorHandler(failure -> {});
        loop = Loop.builder().name("tck").exceptionHandler(report -> {}).start();
    }

    @AfterClass(alwaysRun = true)
    void closeLoop() {
        loop.close();
        RxJavaPlugins.setErrorHandler(null);
    }

    @Override
    public Flowable<Long> createPublisher(long elements) {
        return Rx.flowable(loop, emitter -> {
            for (long i = 0; i < elements; i++) {
                emitter.emit(i);
            }
        });
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return Rx.flowable(loop, emitter -> {
            throw new IllegalStateException("fails on purpose");
        });
    }
}
