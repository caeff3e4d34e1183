package io.coloop.reactor;

import io.coloop.Loop;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/**
 * The Reactive Streams TCK for the subscriber that a task brings: the task consumes a publisher that only hands its subscriber on.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>15 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the subscriber</td></tr>
 * </table>
 */
abstract class SubscriberTck extends SubscriberBlackboxVerification<Integer> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    private Loop loop;

    SubscriberTck() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS));
    }

    /** What the task does. */
    abstract void consume(Publisher<Integer> source);

    @BeforeClass
    void startLoop() {
        loop = Loop.builder().name("tck").exceptionHandler(report -> {}).start();
    }

    @AfterClass(alwaysRun = true)
    void closeLoop() {
        loop.close();
    }

    @Override
    public Subscriber<Integer> createSubscriber() {
        CompletableFuture<Subscriber<Integer>> subscriber = new CompletableFuture<>();
        loop.spawn(() -> consume(to -> subscriber.complete(narrow(to))));
        return subscriber.join();
    }

    @SuppressWarnings("unchecked") // it takes what a subscriber of a supertype takes
    private static Subscriber<Integer> narrow(Subscriber<? super Integer> to) {
        return (Subscriber<Integer>) to;
    }

    @Override
    public Integer createElement(int element) {
        return element;
    }
}
