package io.coloop.rx;

import io.coloop.Loop;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/**
 * The Reactive Streams TCK for the subscriber that a task brings: the task consumes a Flowable that only hands its subscriber on.
 *
 * <table>
 * <caption>What is skipped</caption>
 * <tr><th>tests</th><th>why</th></tr>
 * <tr><td>15 named {@code untested_...}</td><td>the TCK itself has no code for them, whatever the subscriber</td></tr>
 * </table>
 */
public abstract class SubscriberTck extends SubscriberBlackboxVerification<Integer> {
    private static final long TIMEOUT_MS = 2_000;
    private static final long SILENCE_MS = 30;

    private Loop loop;

    SubscriberTck() {
        super(new TestEnvironment(TIMEOUT_MS, SILENCE_MS, SILENCE_MS));
    }

    /** What the task does. */
    abstract void consume(Flowable<Integer> source);

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
    public Subscriber<Integer> createSubscriber() {
        CompletableFuture<Subscriber<Integer>> handedOn = new CompletableFuture<>();
        loop.spawn(() -> consume(new Flowable<>() {
            @Override
            @SuppressWarnings("unchecked") // it takes what a subscriber of a supertype takes
            protected void subscribeActual(Subscriber<? super Integer> subscriber) {
                handedOn.complete((Subscriber<Integer>) subscriber);
            }
        }));
        return handedOn.join();
    }

    @Override
    public Integer createElement(int element) {
        return element;
    }
}
