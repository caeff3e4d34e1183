package io.coloop.rx;

import io.reactivex.rxjava3.core.Single;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for a Mono of a Single. */
@Test
public class ReactorMonoTckTest extends PublisherVerification<Long> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    public ReactorMonoTckTest() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS), 100);
    }

    @Override
    public long maxElementsFromPublisher() {
        return 1;
    }

    @Override
    public Publisher<Long> createPublisher(long elements) {
        return ReactorRx.mono(Single.just(elements));
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return ReactorRx.mono(Single.<Long>error(new IllegalStateException("fails on purpose")));
    }
}
