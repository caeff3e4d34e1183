package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.kotlin.Coroutines.awaitSuspend;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.rx.Rx.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.reactor.Reactor;
import io.coloop.rx.Rx;
import io.coloop.test.Confinement;
import io.coloop.test.LoopTest;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import kotlinx.coroutines.DelayKt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Timeout(60)
class ConfinedTest {
    // region confined
    @LoopTest
    void everythingRunsOnTheLoop(Loop loop, Confinement confinement) {
        Mono<Integer> stock = Mono.delay(Duration.ofMillis(1), Reactor.scheduler(loop))
                .map(tick -> {
                    confinement.checkSignal("the stock"); // on the loop's own thread, not on a task's stack
                    return 3;
                });
        Single<Integer> price = Single.timer(1, TimeUnit.MILLISECONDS, Rx.scheduler(loop))
                .map(tick -> {
                    confinement.checkSignal("the price");
                    return 7;
                });
        Task<Integer> worth = Task.spawn(() -> {
            int sum = await(stock) * await(price);
            confinement.check("the sum"); // on the loop: in a task, or on its own thread
            return sum;
        });
        Future<String> page = worth.thenApply(sum -> {
            confinement.checkSignal("the page");
            return "worth " + sum;
        });
        assertThat(await(page)).isEqualTo("worth 21");
    }
    // endregion

    // region hop
    @LoopTest(foreignThreads = true)
    void aHopIsFound(Confinement confinement) {
        await(Mono.delay(Duration.ofMillis(1)) // no scheduler is given, so it is Schedulers.parallel()
                .doOnNext(tick -> confinement.check("the tick")));
        List<Confinement.Breach> breaches = confinement.take(); // without this the test would fail
        assertThat(breaches).hasSize(1);
        assertThat(breaches.get(0).where()).startsWith("the thread parallel-");
    }
    // endregion

    @LoopTest(foreignThreads = true)
    void aHopOfRxJavaIsFound(Confinement confinement) {
        await(Single.timer(1, TimeUnit.MILLISECONDS).doOnSuccess(tick -> confinement.check("the tick")));
        List<Confinement.Breach> breaches = confinement.take();
        assertThat(breaches).hasSize(1);
        assertThat(breaches.get(0).where()).startsWith("the thread RxComputation");
    }

    @LoopTest(foreignThreads = true)
    void behindAHopEverythingIsElsewhere(Loop loop, Confinement confinement) {
        await(Flux.range(1, 3)
                .doOnNext(i -> confinement.check("before"))
                .publishOn(reactor.core.scheduler.Schedulers.parallel())
                .doOnEach(signal -> confinement.check("between"))
                .publishOn(Reactor.scheduler(loop))
                .doOnEach(signal -> confinement.checkSignal("behind"))
                .then());
        assertThat(confinement.take())
                .extracting(Confinement.Breach::what)
                .containsOnly("between")
                .hasSize(4);
    }

    @LoopTest
    void aSubscriptionByHandRunsOnTheTasksStack(Confinement confinement) {
        Mono.just("tea").doOnNext(name -> confinement.checkSignal("onNext")).subscribe(); // it should be awaited
        assertThat(confinement.take()).extracting(Confinement.Breach::where).containsExactly("the stack of task test");
        await(Mono.just("tea").doOnNext(name -> confinement.checkSignal("onNext")));
    }

    /** Not found by JUnit. */
    static class Samples {
        @LoopTest
        void forgets() {
            await(Mono.delay(Duration.ofDays(1)));
        }
    }

    @Test
    void aForgottenSchedulerFailsAtOnce() {
        assertThat(EngineTestKit.engine("junit-jupiter")
                        .configurationParameter("junit.jupiter.conditions.deactivate", "*")
                        .selectors(selectMethod(Samples.class, "forgets"))
                        .execute()
                        .testEvents()
                        .failed()
                        .list()
                        .get(0)
                        .getRequiredPayload(TestExecutionResult.class)
                        .getThrowable())
                .hasValueSatisfying(failure -> assertThat(failure)
                        .hasMessageContainingAll(
                                "the test waits for ever", "the loop's scheduler", "test awaits Mono"));
    }

    @LoopTest
    void aSuspendingFunctionResumesOnTheLoopsThread(Confinement confinement) {
        awaitSuspend(continuation -> {
            confinement.checkSignal("the start");
            return DelayKt.delay(1, continuation);
        });
    }
}
