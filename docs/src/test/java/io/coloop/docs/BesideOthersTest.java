package io.coloop.docs;

import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.test.LoopExtension;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.observers.TestObserver;
import io.reactivex.rxjava3.schedulers.TestScheduler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The testkit beside the tools of Reactor and RxJava. */
@Timeout(60)
@Isolated // withVirtualTime replaces the schedulers of the whole JVM
class BesideOthersTest {
    private static Flux<String> news(reactor.core.scheduler.Scheduler scheduler) {
        return Flux.just("tea", "cups").delayElements(Duration.ofHours(1), scheduler);
    }

    private static Observable<String> prices(io.reactivex.rxjava3.core.Scheduler scheduler) {
        return Observable.just("3", "4")
                .concatMapSingle(price -> Single.just(price).delay(1, TimeUnit.HOURS, scheduler));
    }

    // region step-verifier
    @Test
    @ExtendWith(LoopExtension.class)
    void onJUnitsThread(Loop loop, VirtualClock clock) {
        StepVerifier.create(news(Reactor.scheduler(loop)))
                .expectNext("tea")
                .expectNext("cups")
                .verifyComplete(); // blocks JUnit's thread; the loop has its own
        assertThat(clock.elapsed()).hasHours(2);
    }
    // endregion

    // region verify-later
    @LoopTest
    void onTheLoop(Loop loop) {
        StepVerifier verifier = StepVerifier.create(news(Reactor.scheduler(loop)))
                .expectNext("tea", "cups")
                .expectComplete()
                .verifyLater(); // subscribes and does not block
        sleep(Duration.ofHours(2));
        verifier.verify(Duration.ZERO); // has its answer, and does not wait for one
    }
    // endregion

    // region with-virtual-time
    @Test
    @ExtendWith(LoopExtension.class)
    void twoClocks(Loop loop, VirtualClock clock) {
        StepVerifier.withVirtualTime(() -> Mono.delay(Duration.ofDays(1)) // on Schedulers.parallel(), which is replaced
                        .then(Mono.delay(Duration.ofDays(2), Reactor.scheduler(loop)))) // on the loop, which is not
                .thenAwait(Duration.ofDays(1)) // moves Reactor's clock; the loop's moves by itself
                .expectNext(0L)
                .verifyComplete();
        assertThat(clock.elapsed()).hasDays(2);
    }
    // endregion

    // region test-observer
    @LoopTest
    void testObserver(Loop loop, VirtualClock clock) {
        TestObserver<String> observer = prices(Rx.scheduler(loop)).test();
        sleep(Duration.ofMinutes(90));
        observer.assertValues("3").assertNotComplete();
        sleep(Duration.ofMinutes(30));
        observer.assertResult("3", "4");
    }
    // endregion

    @Test
    @ExtendWith(LoopExtension.class)
    void testObserverOnJUnitsThread(Loop loop, VirtualClock clock) throws InterruptedException {
        TestObserver<String> observer = prices(Rx.scheduler(loop)).test();
        observer.await().assertResult("3", "4");
        assertThat(clock.elapsed()).hasHours(2);
    }

    // region test-subscriber
    @LoopTest
    void testSubscriber(Loop loop) {
        var subscriber = prices(Rx.scheduler(loop))
                .toFlowable(io.reactivex.rxjava3.core.BackpressureStrategy.ERROR)
                .test(1); // asks for one
        sleep(Duration.ofHours(1));
        subscriber.assertValues("3");
        subscriber.cancel();
    }
    // endregion

    // region test-scheduler
    @LoopTest
    void testScheduler(Loop loop) {
        TestScheduler time = new TestScheduler(); // a clock of its own, which somebody has to move
        TestObserver<String> observer = prices(time).test();
        loop.callLater(Duration.ofHours(1), () -> time.advanceTimeBy(1, TimeUnit.HOURS)); // here the loop does
        sleep(Duration.ofHours(2));
        observer.assertValues("3");
    }
    // endregion

    @LoopTest
    void aBlockingVerifyGoesElsewhereIfNothingIsTimed(Loop loop) {
        // region blocking-verify
        Mono<String> page = Reactor.mono(loop, () -> "hello");
        blocking(() -> StepVerifier.create(page).expectNext("hello").verifyComplete());
        // endregion
    }
}
