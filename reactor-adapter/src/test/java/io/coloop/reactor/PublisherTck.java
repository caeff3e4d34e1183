package io.coloop.reactor;

import io.coloop.Loop;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/**
 * The Reactive Streams TCK for a publisher of a loop.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>7 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the publisher</td></tr>
 * <tr><td>Mono: 19 that need two items or more, among them all of demand, of what is signalled after a cancel, and the multicast</td><td>a Mono has one value. {@code MonoFromBodyTest} and
 * {@code MonoFromFutureTest} ask for it twice, too much, too little and not at all, cancel before, while and after it comes, and look whether the subscriber is let go</td></tr>
 * <tr><td>Flux of a queue: 3 of the multicast, which is optional</td><td>subscribers share the items</td></tr>
 * </table>
 */
abstract class PublisherTck extends PublisherVerification<Long> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    Loop loop;

    PublisherTck() {
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

    /** A Mono has one value at most. */
    abstract static class OfMono extends PublisherTck {
        @Override
        public long maxElementsFromPublisher() {
            return 1;
        }
    }
}
