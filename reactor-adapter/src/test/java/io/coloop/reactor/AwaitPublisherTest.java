package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitFirst;
import static io.coloop.reactor.Reactor.awaitLast;
import static io.coloop.reactor.Reactor.awaitOptional;
import static io.coloop.reactor.Reactor.awaitRequired;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Settling.endOf;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.CancelPolicy;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/** {@code await}, {@code awaitFirst}, {@code awaitLast}, {@code future} of a Flux and of any other publisher: each question of the bridge contract, and the traps that apply. */
class AwaitPublisherTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final ManualPublisher<Object> source = new ManualPublisher<>();

    // ---- values, none, many

    @LoopTest
    void theOnlyItem() {
        assertThat(await(Flux.just("value"))).isEqualTo("value");
        assertThat(awaitRequired(Flux.just("value"))).isEqualTo("value");
        assertThat(awaitOptional(Flux.just("value"))).contains("value");
        assertThat(awaitFirst(Flux.just("value"))).isEqualTo("value");
        assertThat(awaitLast(Flux.just("value"))).isEqualTo("value");
        assertThat(await(future(Flux.just("value")))).isEqualTo("value");
    }

    @LoopTest
    void noItem() {
        assertThat(await(Flux.<String>empty())).isNull();
        assertThat(awaitOptional(Flux.empty())).isEmpty();
        assertThat(awaitFirst(Flux.<String>empty())).isNull();
        assertThat(awaitLast(Flux.<String>empty())).isNull();
        assertThat(await(future(Flux.<String>empty()))).isNull();
        assertThatThrownBy(() -> awaitRequired(Flux.empty()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the Publisher completed without a value");
    }

    @LoopTest
    void aMonoBesideThem() {
        assertThat(awaitOptional(Mono.just("value"))).contains("value");
        assertThat(awaitOptional(Mono.just("value"), value -> {})).contains("value");
        assertThat(awaitOptional(Mono.empty())).isEmpty();
        Publisher<String> hidden = Mono.just("value");
        assertThat(await(hidden)).isEqualTo("value");
        assertThat(awaitFirst(Mono.just("value"))).isEqualTo("value");
    }

    @LoopTest
    void ofManyTheFirstAndTheLast() {
        assertThat(awaitFirst(Flux.range(1, 100))).isEqualTo(1);
        assertThat(awaitLast(Flux.range(1, 100))).isEqualTo(100);
    }

    @LoopTest
    void ofManyTheOnlyOneIsAFailureAndThePublisherIsCancelled(Reports reports) {
        Trail trail = new Trail();
        Flux<Integer> many = Flux.range(1, 100).doOnCancel(() -> trail.mark("cancelled"));
        for (Function<Flux<Integer>, Object> only :
                List.<Function<Flux<Integer>, Object>>of(Reactor::await, f -> await(future(f)))) {
            assertThatThrownBy(() -> only.apply(many))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("there was more than one item");
        }
        settle();
        assertThat(trail.marks()).containsExactly("cancelled", "cancelled");
        assertThat(reports.take())
                .extracting(Report::message)
                .contains("of a Publisher, there was more than one: 1", "of a Publisher, there was more than one: 2");
    }

    @LoopTest
    void ofManyTheOnlyOneLeavesAllUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        assertThatThrownBy(() -> await(Flux.range(1, 100), undelivered::add)).isInstanceOf(IllegalStateException.class);
        settle();
        assertThat(undelivered).containsExactlyInAnyOrder(1, 2);
    }

    @LoopTest
    void theItemsBeforeTheLastAreDiscardedAsReactorsOwnDoes() {
        List<Object> ours = new ArrayList<>();
        List<Object> theirs = new ArrayList<>();
        assertThat(awaitLast(Flux.range(1, 4).doOnDiscard(Object.class, ours::add)))
                .isEqualTo(4);
        settle();
        await(Flux.range(1, 4).hide().takeLast(1).doOnDiscard(Object.class, theirs::add));
        settle();
        assertThat(ours).containsExactly(1, 2, 3);
        assertThat(theirs).isSubsetOf(ours);
    }

    @LoopTest
    void theItemsBeforeTheLastAreNotReported() {
        assertThat(awaitLast(Flux.range(1, 4))).isEqualTo(4);
        settle();
    }

    @LoopTest
    void theItemsBeforeTheLastGoToTheCaller() {
        List<Object> undelivered = new ArrayList<>();
        assertThat(awaitLast(Flux.range(1, 4), undelivered::add)).isEqualTo(4);
        settle();
        assertThat(undelivered).containsExactly(1, 2, 3);
    }

    @LoopTest
    void theFirstCancelsAtOnceAndTheRestIsNeverMade(Trail trail) {
        assertThat(awaitFirst(Flux.range(1, 100)
                        .doOnRequest(n -> trail.mark("request " + n))
                        .doOnNext(n -> trail.mark("made " + n))
                        .doOnCancel(() -> trail.mark("cancelled"))))
                .isEqualTo(1);
        assertThat(trail.marks()).containsExactly("request 1", "made 1", "cancelled");
    }

    // ---- failures

    @LoopTest
    void aFailureIsTheSameInstanceOrACause() {
        IllegalStateException unchecked = new IllegalStateException("broken");
        IOException checked = new IOException("broken");
        for (Function<Flux<Object>, Object> any : List.<Function<Flux<Object>, Object>>of(
                Reactor::await,
                Reactor::awaitRequired,
                Reactor::awaitOptional,
                Reactor::awaitFirst,
                Reactor::awaitLast,
                f -> await(future(f)))) {
            assertThatThrownBy(() -> any.apply(Flux.error(unchecked))).isSameAs(unchecked);
            assertThatThrownBy(() -> any.apply(Flux.error(checked)))
                    .isInstanceOf(CompletionException.class)
                    .hasCause(checked);
        }
    }

    @LoopTest
    void trapAFailureThatLooksLikeCancellation() {
        TaskCancelledException foreign = new TaskCancelledException("another task's");
        Task<Object> task = Task.spawn(() -> awaitLast(Flux.error(foreign)));
        assertThat(endOf(task)).isExactlyInstanceOf(CancellationException.class).hasCause(foreign);
        assertThat(task.isCancelled()).isFalse();
    }

    @LoopTest
    void trapResumingAtOnNextBeforeTheEnd(Trail trail) {
        Task<Object> task = Task.spawn(() -> {
            Object row = await(source);
            trail.mark("resumed");
            return row;
        });
        settle();
        source.next("row");
        settle();
        trail.mark("committed");
        source.complete();
        assertThat(await(task)).isEqualTo("row");
        assertThat(trail.marks()).containsExactly("committed", "resumed");
    }

    @LoopTest
    void aFailureAfterTheItemIsAFailureAndTheItemIsUndelivered() {
        List<Object> undelivered = new ArrayList<>();
        IllegalStateException failure = new IllegalStateException("commit failed");
        Task<Object> task = Task.spawn(() -> await(source, undelivered::add));
        settle();
        source.next("row");
        source.fail(failure);
        assertThat(endOf(task)).isSameAs(failure);
        settle();
        assertThat(undelivered).containsExactly("row");
    }

    // ---- start, threads, demand

    @LoopTest
    void demand() {
        Task<Object> only = Task.spawn(() -> await(source));
        ManualPublisher<Object> first = new ManualPublisher<>();
        Task<Object> awaitingFirst = Task.spawn(() -> awaitFirst(first));
        ManualPublisher<Object> last = new ManualPublisher<>();
        Task<Object> awaitingLast = Task.spawn(() -> awaitLast(last));
        settle();
        assertThat(source.requested).isEqualTo(2);
        assertThat(first.requested).isEqualTo(1);
        assertThat(last.requested).isEqualTo(256);
        source.complete();
        first.complete();
        last.complete();
        assertThat(await(only)).isNull();
        assertThat(await(awaitingFirst)).isNull();
        assertThat(await(awaitingLast)).isNull();
    }

    @LoopTest
    void subscribesOnTheLoopsOwnThreadAndNotInTheTask(Loop loop, Trail trail) {
        awaitLast(Flux.defer(() -> {
            trail.mark(Task.currentOrNull() + " " + loop.isOnLoop());
            return Flux.empty();
        }));
        assertThat(trail.marks()).containsExactly("null true");
    }

    @LoopTest
    void completedByAnotherThreadItResumesOnTheLoop(Loop loop, VirtualClock clock) {
        Thread before = Thread.currentThread();
        try (var thread = clock.foreign(loop)) {
            assertThat(awaitLast(Flux.range(1, 1_000).publishOn(Schedulers.boundedElastic())))
                    .isEqualTo(1_000);
        }
        assertThat(Thread.currentThread()).isSameAs(before);
    }

    @LoopTest
    void reactorsHooksSeeTheSubscription(Trail trail) {
        Hooks.onLastOperator("test", Operators.lift((scannable, actual) -> {
            trail.mark("hook");
            return actual;
        }));
        try {
            await(Flux.just(1));
            awaitFirst(Flux.just(1));
            awaitLast(Flux.just(1));
            await(future(Flux.just(1)));
        } finally {
            Hooks.resetOnLastOperator("test");
        }
        assertThat(trail.marks()).hasSize(4);
    }

    @LoopTest
    void aFutureIsSubscribedOnceThoughNobodyAwaitsIt(Trail trail) {
        Future<String> future = future(Flux.defer(() -> {
            trail.mark("subscribed");
            return Flux.just("value");
        }));
        assertThat(trail.marks()).isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("subscribed");
        assertThat(await(future)).isEqualTo("value");
        assertThat(await(future)).isEqualTo("value");
        assertThat(trail.marks()).hasSize(1);
    }

    // ---- cancelling, and what can no longer be delivered

    @LoopTest
    void trapAnAdapterThatNeverCancelsItsSource(Trail trail) {
        Flux<Object> never = Flux.never().doOnCancel(() -> trail.mark("cancelled"));
        for (Consumer<Flux<Object>> any : List.<Consumer<Flux<Object>>>of(
                Reactor::await, Reactor::awaitFirst, Reactor::awaitLast, f -> await(future(f)))) {
            Task<Void> task = Task.spawn(() -> {
                try {
                    any.accept(never);
                } finally {
                    trail.mark("task goes on");
                }
            });
            settle();
            task.cancel("enough");
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class).hasMessage("enough");
        }
        assertThat(trail.marks()).hasSize(8);
        for (int i = 0; i < 6; i += 2) { // the future's is cancelled with it, and hears of it from the queue
            assertThat(trail.marks().subList(i, i + 2)).containsExactly("cancelled", "task goes on");
        }
    }

    @LoopTest
    void aSourceThatNeverEndsUnderCancelHoldsNobody() {
        List<Object> undelivered = new ArrayList<>();
        Task<Object> task = Task.spawn(() -> awaitLast(source, undelivered::add));
        settle();
        source.next("one");
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        assertThat(source.cancelled).isEqualTo(1);
        source.next("two");
        settle();
        assertThat(undelivered).containsExactly("one", "two");
    }

    @LoopTest
    void trapDroppingAnItemThatArrivesAfterTheCancel() {
        Resource late = new Resource();
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        task.cancel();
        endOf(task);
        source.next(late);
        source.complete();
        settle();
        assertThat(late.closed).isEqualTo(1);
    }

    @LoopTest
    void aLateItemGoesToTheDiscardHookOfThePublishersEndRatherThanBeClosed() {
        Resource late = new Resource();
        List<Object> discarded = new ArrayList<>();
        Task<Object> task = Task.spawn(() -> await(Flux.from(source).doOnDiscard(Object.class, discarded::add)));
        settle();
        source.next(late);
        task.cancel();
        endOf(task);
        settle();
        assertThat(discarded).containsExactly(late);
        assertThat(late.closed).isZero();
    }

    @LoopTest
    void aLateItemGoesToTheCallerFirst() {
        List<Object> undelivered = new ArrayList<>();
        Task<Object> task = Task.spawn(
                () -> awaitOptional(Flux.from(source).doOnDiscard(Object.class, lost -> {}), undelivered::add));
        settle();
        source.next("late");
        task.cancel();
        endOf(task);
        settle();
        assertThat(undelivered).containsExactly("late");
    }

    @LoopTest
    void whatComesInTheTurnOfTheCancelIsUndeliveredForEachOfThem() {
        List<Object> undelivered = new ArrayList<>();
        List<ManualPublisher<Object>> sources = new ArrayList<>();
        List<Function<Publisher<Object>, Object>> awaits = List.of(
                p -> await(p, undelivered::add),
                p -> awaitRequired(p, undelivered::add),
                p -> awaitOptional(p, undelivered::add),
                p -> awaitFirst(p, undelivered::add),
                p -> awaitLast(p, undelivered::add),
                p -> await(future(p, undelivered::add)));
        List<Task<Object>> tasks = new ArrayList<>();
        for (Function<Publisher<Object>, Object> any : awaits) {
            ManualPublisher<Object> one = new ManualPublisher<>();
            sources.add(one);
            tasks.add(Task.spawn(() -> any.apply(one)));
        }
        settle();
        for (int i = 0; i < awaits.size(); i++) {
            tasks.get(i).cancel();
            sources.get(i).next(i);
            sources.get(i).complete();
        }
        for (Task<Object> task : tasks) {
            endOf(task);
        }
        settle();
        assertThat(undelivered).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
    }

    @LoopTest
    void aLateItemThatNobodyTakesIsReported(Reports reports) {
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        task.cancel();
        endOf(task);
        source.next("late");
        settle();
        assertThat(reports.takeOnly(Report.Kind.LATE_VALUE).message())
                .isEqualTo("of a Publisher, a value came too late: late");
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        Task<Object> task = Task.spawn(() -> awaitFirst(source));
        settle();
        task.cancel();
        endOf(task);
        source.fail(failure);
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void anErrorInTheTurnOfTheCancelGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        source.fail(failure);
        task.cancel();
        endOf(task);
        settle();
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest
    void aCancellationInAnswerToTheCancelIsWhatWasAskedFor() {
        Task<Object> task = Task.spawn(() -> await(source));
        settle();
        task.cancel();
        endOf(task);
        source.fail(new CancellationException("as you wish"));
    }

    // ---- the policy of the cancel

    @LoopTest
    void ownCancelsTheSource() {
        ManualMono<Object> mono = new ManualMono<>();
        Task<Object> one = Task.spawn(() -> await(mono, CancelPolicy.OWN));
        Task<Object> other = Task.spawn(() -> await(source, CancelPolicy.OWN));
        settle();
        one.cancel();
        other.cancel();
        assertThat(endOf(one)).isInstanceOf(TaskCancelledException.class);
        assertThat(endOf(other)).isInstanceOf(TaskCancelledException.class);
        assertThat(mono.cancelled).isTrue();
        assertThat(source.cancelled).isEqualTo(1);
    }

    @LoopTest
    void shieldLetsTheSourceGoOnAndItsValueIsUndelivered() {
        ManualMono<Object> mono = new ManualMono<>();
        Resource ofMono = new Resource();
        Resource ofFlux = new Resource();
        Task<Object> one = Task.spawn(() -> await(mono, CancelPolicy.SHIELD));
        Task<Object> other = Task.spawn(() -> await(source, CancelPolicy.SHIELD));
        settle();
        one.cancel();
        other.cancel();
        assertThat(endOf(one)).isInstanceOf(TaskCancelledException.class);
        assertThat(endOf(other)).isInstanceOf(TaskCancelledException.class);
        assertThat(mono.cancelled).isFalse();
        assertThat(source.cancelled).isZero();
        mono.complete(ofMono);
        source.next(ofFlux);
        source.complete();
        settle();
        assertThat(ofMono.closed).isEqualTo(1);
        assertThat(ofFlux.closed).isEqualTo(1);
    }

    @LoopTest
    void shareOfAColdSourceIsOwn() {
        Task<Object> task = Task.spawn(() -> await(source, CancelPolicy.SHARE));
        settle();
        task.cancel();
        endOf(task);
        assertThat(source.cancelled).isEqualTo(1);
    }

    @LoopTest
    void drainLetsItFinishWithinTheGraceAndThenCancels(VirtualClock clock) {
        ManualMono<Object> answer = new ManualMono<>();
        CancelPolicy grace = CancelPolicy.drain(Duration.ofSeconds(1));
        List<Object> seen = new ArrayList<>();
        Task<Void> drained = Task.spawn(() -> {
            seen.add(await(answer, grace));
        });
        Task<Object> stuck = Task.spawn(() -> await(source, grace));
        settle();
        drained.cancel();
        stuck.cancel();
        settle();
        assertThat(answer.cancelled).isFalse();
        answer.complete("whole");
        assertThat(endOf(drained)).isInstanceOf(TaskCancelledException.class);
        assertThat(seen).containsExactly("whole");
        assertThatThrownBy(() -> await(stuck)).isInstanceOf(TaskCancelledException.class);
        assertThat(source.cancelled).isEqualTo(1);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
    }

    private interface Way {
        Object await(Publisher<Object> source, CancelPolicy policy);
    }

    private static final Map<String, Way> WITH_A_POLICY = Map.of(
            "await", Reactor::await,
            "required", Reactor::awaitRequired,
            "optional", Reactor::awaitOptional,
            "first", Reactor::awaitFirst,
            "last", Reactor::awaitLast,
            "await of a Mono", (source, policy) -> await(Mono.fromDirect(source), policy),
            "required of a Mono", (source, policy) -> awaitRequired(Mono.fromDirect(source), policy),
            "optional of a Mono", (source, policy) -> awaitOptional(Mono.fromDirect(source), policy));

    @LoopTest
    void everyAwaitFollowsThePolicy(VirtualClock clock) {
        WITH_A_POLICY.forEach((name, way) -> {
            for (CancelPolicy policy : List.of(CancelPolicy.OWN, CancelPolicy.SHARE)) {
                ManualPublisher<Object> owned = new ManualPublisher<>();
                Task<Object> task = Task.spawn(() -> way.await(owned, policy));
                settle();
                task.cancel();
                assertThat(endOf(task)).as(name).isInstanceOf(TaskCancelledException.class);
                assertThat(owned.cancelled).as(name).isEqualTo(1);
            }
            ManualPublisher<Object> shielded = new ManualPublisher<>();
            ManualPublisher<Object> drained = new ManualPublisher<>();
            ManualPublisher<Object> stuck = new ManualPublisher<>();
            Task<Object> shielding = Task.spawn(() -> way.await(shielded, CancelPolicy.SHIELD));
            CancelPolicy grace = CancelPolicy.drain(Duration.ofSeconds(1));
            List<Object> seen = new ArrayList<>();
            Task<Void> draining = Task.spawn(() -> {
                seen.add(way.await(drained, grace));
            });
            Task<Object> waiting = Task.spawn(() -> way.await(stuck, grace));
            Duration before = clock.elapsed();
            settle();
            for (Task<?> task : List.of(shielding, draining, waiting)) {
                task.cancel();
            }
            assertThat(endOf(shielding)).as(name).isInstanceOf(TaskCancelledException.class);
            settle();
            Resource late = new Resource();
            shielded.next(late);
            shielded.complete();
            drained.next("whole");
            drained.complete();
            assertThat(endOf(draining)).as(name).isInstanceOf(TaskCancelledException.class);
            assertThat(seen).as(name).hasSize(1).first().asString().contains("whole");
            assertThatThrownBy(() -> await(waiting)).as(name).isInstanceOf(TaskCancelledException.class);
            assertThat(stuck.cancelled).as(name).isEqualTo(1);
            assertThat(clock.elapsed().minus(before)).as(name).isEqualTo(Duration.ofSeconds(1));
            assertThat(late.closed).as(name).isEqualTo(1);
            assertThatThrownBy(() -> way.await(stuck, null)).as(name).hasMessage("policy");
        });
    }

    /** The trap: the error of a shielded source was reported when the garbage collector came, and Reactor's hook never heard of it. */
    @LoopTest
    void theLateErrorOfAShieldedSourceIsReportedAtOnceAndGoesToTheHook(Reports reports) {
        WITH_A_POLICY.forEach((name, way) -> {
            ManualPublisher<Object> shielded = new ManualPublisher<>();
            Task<Object> task = Task.spawn(() -> way.await(shielded, CancelPolicy.SHIELD));
            settle();
            task.cancel();
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
            IllegalStateException failure = new IllegalStateException("late");
            shielded.fail(failure);
            settle();
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure())
                    .as(name)
                    .isSameAs(failure);
            assertThat(dropped.takeErrors()).as(name).containsExactly(failure);
        });
    }

    // ---- misuse

    @Test
    void withoutALoopItIsMisuse() {
        Flux<String> flux = Flux.just("value");
        for (Runnable any : List.<Runnable>of(
                () -> await(flux), () -> awaitFirst(flux), () -> awaitLast(flux), () -> future(flux))) {
            assertThatThrownBy(any::run)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageStartingWith("a publisher is subscribed on a loop\n  call:   ")
                    .hasMessageContaining("(Publisher)\n");
        }
    }

    @LoopTest
    void inACallbackItIsMisuse(Loop loop) {
        List<Throwable> thrown = new ArrayList<>();
        loop.callSoon(() -> {
            try {
                await(Flux.just("value"));
            } catch (LoopMisuseException misuse) {
                thrown.add(misuse);
            }
        });
        settle();
        assertThat(thrown).hasSize(1);
        assertThat(thrown.get(0)).hasMessageStartingWith("only a task may await");
    }

    @LoopTest
    void nullIsRefusedByName() {
        Publisher<Object> none = null;
        Flux<Object> some = Flux.empty();
        Consumer<Object> nobody = null;
        for (Runnable any : List.<Runnable>of(
                () -> await(none),
                () -> awaitRequired(none),
                () -> awaitOptional(none),
                () -> awaitFirst(none),
                () -> awaitLast(none),
                () -> future(none),
                () -> await(none, CancelPolicy.OWN))) {
            assertThatThrownBy(any::run)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("publisher");
        }
        for (Runnable any : List.<Runnable>of(
                () -> await(some, nobody),
                () -> awaitRequired(some, nobody),
                () -> awaitOptional(some, nobody),
                () -> awaitOptional(Mono.empty(), nobody),
                () -> awaitFirst(some, nobody),
                () -> awaitLast(some, nobody),
                () -> future(some, nobody))) {
            assertThatThrownBy(any::run)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("onUndelivered");
        }
        assertThatThrownBy(() -> await(some, (CancelPolicy) null)).hasMessage("policy");
        assertThatThrownBy(() -> await(Mono.empty(), (CancelPolicy) null)).hasMessage("policy");
    }

    @LoopTest
    void aDumpTellsWhatATaskAwaits(Loop loop) {
        Task<Optional<Object>> flux = Task.spawn("of a flux", () -> awaitOptional(Flux.never()));
        Task<Object> any = Task.spawn("of any", () -> await(source));
        settle();
        assertThat(loop.dump()).contains("Flux").contains("Publisher");
        flux.cancel();
        any.cancel();
        endOf(flux);
        endOf(any);
    }
}
