package io.coloop.reactor;

import io.coloop.Loop;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/** The Reactive Streams TCK for a publisher of a loop. */
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
