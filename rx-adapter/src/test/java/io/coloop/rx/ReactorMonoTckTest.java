package io.coloop.rx;

import io.reactivex.rxjava3.core.Single;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;

/**
 * The Reactive Streams TCK for a Mono of a Single.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>7 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the publisher</td></tr>
 * <tr><td>19 that need two items or more</td><td>a Mono has one value. {@code ReactorRxTest} has the demand, the cancels and what comes after them</td></tr>
 * </table>
 */
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
