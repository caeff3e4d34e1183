package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/**
 * The Reactive Streams TCK for a Flux that went through a Flowable.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>7 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the publisher</td></tr>
 * </table>
 */
@Test
public class ReactorFlowableTckTest extends PublisherVerification<Integer> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    public ReactorFlowableTckTest() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS), 100);
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        return ReactorRx.flux(ReactorRx.<Integer>flowable(Flux.range(0, (int) Math.min(elements, Integer.MAX_VALUE)))
                .map(item -> item));
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        return ReactorRx.flux(Flowable.<Integer>error(new IllegalStateException("fails on purpose")));
    }
}
