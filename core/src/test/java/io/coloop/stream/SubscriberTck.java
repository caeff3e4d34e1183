package io.coloop.stream;

import io.coloop.Loop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/**
 * The Reactive Streams TCK for the subscriber that a task brings: the task consumes a source that only hands its subscriber on.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>15 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the subscriber</td></tr>
 * </table>
 */
public abstract class SubscriberTck extends FlowSubscriberBlackboxVerification<Integer> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    private Loop loop;

    SubscriberTck() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS));
    }

    /** What the task does. */
    abstract void consume(Flow.Publisher<Integer> source);

    @BeforeClass
    void startLoop() {
        loop = Loop.builder().name("tck").exceptionHandler(report -> {}).start();
    }

    @AfterClass(alwaysRun = true)
    void closeLoop() {
        loop.close();
    }

    @Override
    public Flow.Subscriber<Integer> createFlowSubscriber() {
        CompletableFuture<Flow.Subscriber<Integer>> subscriber = new CompletableFuture<>();
        loop.spawn(() -> consume(to -> subscriber.complete(narrow(to))));
        return subscriber.join();
    }

    @SuppressWarnings("unchecked") // it takes what a subscriber of a supertype takes
    private static Flow.Subscriber<Integer> narrow(Flow.Subscriber<? super Integer> to) {
        return (Flow.Subscriber<Integer>) to;
    }

    @Override
    public Integer createElement(int element) {
        return element;
    }
}
