package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/** The Reactive Streams TCK for a Flux that went through a Flowable. */
@Test
public class ReactorFlowableTckTest extends PublisherVerification<Integer> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    public ReactorFlowableTckTest() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS), 100);
    }

    @Override
    public long maxElementsFromPublisher() {
        return 1_000;
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        return ReactorRx.flux(
                ReactorRx.<Integer>flowable(Flux.range(0, (int) elements)).map(item -> item));
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        return ReactorRx.flux(Flowable.<Integer>error(new IllegalStateException("fails on purpose")));
    }
}
