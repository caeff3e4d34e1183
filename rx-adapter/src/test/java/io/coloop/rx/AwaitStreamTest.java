package io.coloop.rx;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.yieldNow;
import static io.coloop.rx.Tasks.cancel;
import static io.coloop.rx.Tasks.endOf;
import static io.coloop.rx.Tasks.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.ContextCapture;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.VirtualClock;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One item of a Flowable or an Observable: each question of the bridge contract, and the traps that apply. */
class AwaitStreamTest {
    private static final Set<Streamed.Pick> TO_THE_END = EnumSet.complementOf(EnumSet.of(Streamed.Pick.FIRST));

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static <T> List<Streamed<T>> both(Flowable<T> flowable) {
        return List.of(Streamed.of(flowable), Streamed.of(flowable.toObservable()));
    }

    // ---- values, empty, many

    @LoopTest
    void theOnlyItem() {
        for (Streamed<String> stream : both(Flowable.just("item"))) {
            for (Streamed.Pick pick : Streamed.Pick.values()) {
                assertThat(pick.await(stream)).isEqualTo("item");
                assertThat(pick.await(stream, late -> {})).isEqualTo("item");
            }
            assertThat(await(stream.future())).isEqualTo("item");
            assertThat(await(stream.future(late -> {}))).isEqualTo("item");
        }
    }

    @LoopTest
    void emptyIsNull() {
        for (Streamed<String> stream : both(Flowable.<String>empty())) {
            for (Streamed.Pick pick : EnumSet.complementOf(EnumSet.of(Streamed.Pick.REQUIRED))) {
                assertThat(pick.await(stream)).isNull();
            }
            assertThat(stream.awaitOptional()).isEmpty();
            assertThat(stream.awaitOptional(late -> {})).isEmpty();
            assertThat(await(stream.future())).isNull();
        }
    }

    @LoopTest
    void awaitRequiredRefusesEmpty() {
        assertThatThrownBy(() -> Rx.awaitRequired(Flowable.empty()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the Flowable completed without a value");
        assertThatThrownBy(() -> Rx.awaitRequired(Flowable.empty(), late -> {}))
                .isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> Rx.awaitRequired(Observable.empty()))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("the Observable completed without a value");
        assertThatThrownBy(() -> Rx.awaitRequired(Observable.empty(), late -> {}))
                .isInstanceOf(NoSuchElementException.class);
    }

    @LoopTest
    void firstAndLastOfMany() {
        for (Streamed<Integer> stream : both(Flowable.range(1, 1_000))) {
            assertThat(stream.awaitFirst()).isEqualTo(1);
            assertThat(stream.awaitLast()).isEqualTo(1_000);
        }
    }

    @LoopTest
    void moreThanOneIsRefusedAndTheSourceIsCancelled() {
        for (Streamed.Pick pick : List.of(Streamed.Pick.ONLY, Streamed.Pick.REQUIRED, Streamed.Pick.OPTIONAL)) {
            for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
                Resource first = new Resource();
                Resource second = new Resource();
                Task<Resource> task = Task.spawn(() -> pick.await(source.stream()));
                settle();
                source.next(first);
                assertThat(source.isCancelled()).isFalse();
                source.next(second);
                assertThat(source.isCancelled()).isTrue();
                assertThat(endOf(task))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("there was more than one item");
                settle();
                assertThat(first.closed).isEqualTo(1);
                assertThat(second.closed).isEqualTo(1);
            }
        }
    }

    @LoopTest
    void theFirstItemCancelsTheSourceAtOnce() {
        for (ManualStream<String> source : ManualStream.<String>both()) {
            Task<String> task = Task.spawn(() -> source.stream().awaitFirst());
            settle();
            source.next("first");
            assertThat(source.isCancelled()).isTrue();
            assertThat(await(task)).isEqualTo("first");
        }
    }

    @LoopTest
    void whatWasBeforeTheLastIsDisposedOfAndNotReported() {
        for (ManualStream<Object> source : ManualStream.both()) {
            Resource first = new Resource();
            Resource last = new Resource();
            Task<Object> task = Task.spawn(() -> source.stream().awaitLast());
            settle();
            source.next(first);
            source.next("no resource");
            source.next(last);
            source.complete();
            assertThat(await(task)).isSameAs(last);
            assertThat(first.closed).isEqualTo(1);
            assertThat(last.closed).isZero();
        }
        List<Integer> superseded = new ArrayList<>();
        for (Streamed<Integer> stream : both(Flowable.range(1, 3))) {
            assertThat(stream.awaitLast(superseded::add)).isEqualTo(3);
        }
        settle();
        assertThat(superseded).containsExactly(1, 2, 1, 2);
    }

    @LoopTest
    void demandIsAsDocumented() {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            ManualStream.OfFlowable<String> source = new ManualStream.OfFlowable<>();
            Task<String> task = Task.spawn(() -> pick.await(source.stream()));
            settle();
            assertThat(source.requested)
                    .isEqualTo(
                            switch (pick) {
                                case FIRST -> 1;
                                case LAST -> 256;
                                default -> 2;
                            });
            source.next("item");
            source.complete();
            assertThat(await(task)).isEqualTo("item");
        }
    }

    @LoopTest
    void trapResumingAtTheItemBeforeTheEnd() {
        IllegalStateException notCommitted = new IllegalStateException("the commit failed");
        for (Streamed.Pick pick : TO_THE_END) {
            for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
                Resource item = new Resource();
                Task<Resource> task = Task.spawn(() -> pick.await(source.stream()));
                settle();
                source.next(item);
                settle();
                assertThat(task.isDone()).isFalse();
                source.fail(notCommitted);
                assertThat(endOf(task)).isSameAs(notCommitted);
                settle();
                assertThat(item.closed).isEqualTo(1);
            }
        }
    }

    // ---- failures

    @LoopTest
    void failures() {
        IllegalStateException unchecked = new IllegalStateException("broken");
        IOException checked = new IOException("broken");
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (Streamed<Object> stream : both(Flowable.error(unchecked))) {
                assertThatThrownBy(() -> pick.await(stream)).isSameAs(unchecked);
            }
            for (Streamed<Object> stream : both(Flowable.error(checked))) {
                assertThatThrownBy(() -> pick.await(stream))
                        .isInstanceOf(CompletionException.class)
                        .hasCause(checked);
            }
        }
    }

    @LoopTest
    void whatSubscribingThrowsIsAFailure() {
        IllegalStateException failure = new IllegalStateException("no subscribers");
        Flowable<Object> broken = Flowable.defer(() -> {
            throw failure;
        });
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (Streamed<Object> stream : both(broken)) {
                assertThatThrownBy(() -> pick.await(stream)).isSameAs(failure);
            }
        }
    }

    @LoopTest
    void trapAFailureThatLooksLikeCancellation() {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            TaskCancelledException foreign = new TaskCancelledException("another task's");
            for (Streamed<Object> stream : both(Flowable.error(foreign))) {
                Task<Object> task = Task.spawn(() -> pick.await(stream));
                assertThat(endOf(task))
                        .isExactlyInstanceOf(CancellationException.class)
                        .hasMessage("another task's")
                        .hasCause(foreign);
                assertThat(task.isCancelled()).isFalse();
            }
        }
    }

    // ---- start, threads, context

    @LoopTest
    void subscribesOnTheLoopsOwnThreadAndNotInTheTask(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        loop.callSoon(() -> threads.add(Thread.currentThread()));
        Flowable<String> source = Flowable.fromCallable(() -> {
            threads.add(Thread.currentThread());
            assertThat(Task.currentOrNull()).isNull();
            return "item";
        });
        for (Streamed<String> stream : both(source)) {
            for (Streamed.Pick pick : Streamed.Pick.values()) {
                pick.await(stream);
            }
            await(stream.future());
        }
        assertThat(threads).hasSize(13);
        assertThat(Set.copyOf(threads)).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @LoopTest
    void trapADefaultDispatchersHop(Loop loop) {
        List<Thread> threads = new ArrayList<>();
        Flowable<Long> ticks = Flowable.interval(1, TimeUnit.MILLISECONDS, Rx.scheduler(loop))
                .take(3)
                .doOnNext(tick -> threads.add(Thread.currentThread()));
        for (Streamed<Long> stream : both(ticks)) {
            assertThat(stream.awaitLast()).isEqualTo(2);
        }
        assertThat(Set.copyOf(threads)).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @LoopTest
    void anotherThreadMayCompleteIt(Loop loop, VirtualClock clock) {
        for (ManualStream<String> source : ManualStream.<String>both()) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            try (var thread = clock.foreign(loop)) {
                blocking(() -> {
                    source.next("item");
                    source.complete();
                    return null;
                });
            }
            assertThat(await(task)).isEqualTo("item");
        }
    }

    @Test
    void subscribesInTheTasksCapturedContext() {
        ThreadLocal<String> mdc = new ThreadLocal<>();
        ContextCapture capture = () -> {
            String captured = mdc.get();
            return () -> {
                mdc.set(captured);
                return mdc::remove;
            };
        };
        Loop.builder().contextCapture(capture).run(() -> {
            for (Streamed<String> stream : both(Flowable.fromCallable(mdc::get))) {
                mdc.set("request 7");
                for (Streamed.Pick pick : Streamed.Pick.values()) {
                    assertThat(pick.await(stream)).isEqualTo("request 7");
                }
                assertThat(await(stream.future())).isEqualTo("request 7");
                try (var items = stream.iterate()) {
                    assertThat(items).containsExactly("request 7");
                }
            }
        });
    }

    // ---- cancel

    @LoopTest
    void trapAnAdapterThatNeverCancelsItsSource() {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (ManualStream<Object> source : ManualStream.both()) {
                Task<Object> task = Task.spawn(() -> {
                    try {
                        return pick.await(source.stream());
                    } finally {
                        assertThat(source.isCancelled())
                                .as("before the task goes on")
                                .isTrue();
                    }
                });
                settle();
                cancel(task);
            }
        }
    }

    @LoopTest
    void cancellingTheFutureCancelsTheSource() {
        for (ManualStream<Object> source : ManualStream.both()) {
            Future<Object> future = source.stream().future();
            settle();
            future.cancel();
            settle();
            assertThat(source.isCancelled()).isTrue();
            assertThat(future.isCancelled()).isTrue();
        }
    }

    @LoopTest
    void trapATimeoutThatNeverCancelsItsSource(VirtualClock clock) {
        for (ManualStream<Object> source : ManualStream.both()) {
            assertThatThrownBy(() -> Timeout.of(Duration.ofNanos(7))
                            .run(() -> source.stream().await()))
                    .isInstanceOf(TaskTimeoutException.class);
            assertThat(source.isCancelled()).isTrue();
        }
        assertThat(clock.elapsed()).isEqualTo(Duration.ofNanos(14));
    }

    @LoopTest
    void aSourceThatNeverEndsUnderCancelDoesNotHoldTheTask() {
        for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
            Task<Resource> task = Task.spawn(() -> source.stream().await());
            settle();
            cancel(task);
            Resource late = new Resource();
            for (int i = 0; i < 100; i++) {
                source.next(late);
            }
            settle();
            assertThat(late.closed).isEqualTo(100);
        }
    }

    // ---- what can no longer be delivered

    @LoopTest
    void trapDroppingAValueThatArrivesAfterTheCancel() {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
                Resource late = new Resource();
                Task<Resource> task = Task.spawn(() -> pick.await(source.stream()));
                settle();
                cancel(task);
                source.next(late);
                settle();
                assertThat(late.closed).isEqualTo(1);
            }
        }
    }

    @LoopTest
    void whatIsHeldAtTheCancelIsUndelivered() {
        for (Streamed.Pick pick : TO_THE_END) {
            for (ManualStream<Resource> source : ManualStream.<Resource>both()) {
                List<Resource> undelivered = new ArrayList<>();
                Resource held = new Resource();
                Task<Resource> task = Task.spawn(() -> pick.await(source.stream(), undelivered::add));
                settle();
                source.next(held);
                cancel(task);
                settle();
                assertThat(undelivered).containsExactly(held);
                assertThat(held.closed).isZero();
            }
        }
    }

    @LoopTest
    void aLateValueThatNobodyTakesIsReported(Reports reports) {
        for (ManualStream<String> source : ManualStream.<String>both()) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            cancel(task);
            source.next("late");
            settle();
            Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
            assertThat(report.value()).isEqualTo("late");
            assertThat(report.message()).isEqualTo("of an RxJava source, a value came too late: late");
        }
    }

    @LoopTest
    void theFuturesLateValueGoesToTheCaller() {
        for (ManualStream<String> source : ManualStream.<String>both()) {
            List<String> undelivered = new ArrayList<>();
            Future<String> future = source.stream().future(undelivered::add);
            settle();
            future.cancel();
            source.next("late");
            settle();
            assertThat(undelivered).containsExactly("late");
        }
    }

    @LoopTest
    void anErrorAfterTheCancelGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (ManualStream<Object> source : ManualStream.both()) {
                IOException failure = new IOException("late");
                Task<Object> task = Task.spawn(() -> pick.await(source.stream()));
                settle();
                cancel(task);
                source.fail(failure);
                assertThat(dropped.takeErrors()).containsExactly(failure);
                assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
            }
        }
    }

    @LoopTest
    void anErrorInTheTurnOfTheCancelGoesToRxJavasHandlerAndTheLoop(Reports reports) {
        for (ManualStream<Object> source : ManualStream.both()) {
            IOException failure = new IOException("late");
            Task<Object> task = Task.spawn(() -> source.stream().await());
            settle();
            source.fail(failure);
            cancel(task);
            settle();
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    // ---- sources that break the rules

    @LoopTest
    void nullBreaksTheRules() {
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            for (ManualStream<Object> source : ManualStream.both()) {
                Task<Object> task = Task.spawn(() -> pick.await(source.stream()));
                settle();
                assertThatThrownBy(() -> source.next(null)).isInstanceOf(NullPointerException.class);
                assertThat(endOf(task))
                        .isInstanceOf(NullPointerException.class)
                        .hasMessage("a stream's item must not be null");
                assertThat(source.isCancelled()).isTrue();
            }
        }
    }

    @LoopTest
    void aSecondSubscriptionIsCancelledAndTheFirstOneStays() {
        for (ManualStream<String> source : ManualStream.<String>both()) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            source.subscribeAgain();
            assertThat(dropped.takeErrors()).singleElement().isInstanceOf(ProtocolViolationException.class);
            source.next("item");
            source.complete();
            assertThat(await(task)).isEqualTo("item");
            assertThat(source.isCancelled()).isFalse();
        }
    }

    @LoopTest
    void withoutOnSubscribeItsSignalsCountAndItCanBeCancelled() {
        List<ManualStream<String>> silent = ManualStream.bothWithoutOnSubscribe();
        for (ManualStream<String> source : silent) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            source.next("item");
            source.complete();
            assertThat(await(task)).isEqualTo("item");
        }
        List<ManualStream<String>> never = ManualStream.bothWithoutOnSubscribe();
        for (ManualStream<String> source : never) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            cancel(task);
        }
    }

    @LoopTest
    void withoutOnSubscribeOneItemAndNothingMoreIsAnError(Reports reports) {
        List<ManualStream<String>> silent = ManualStream.bothWithoutOnSubscribe();
        for (ManualStream<String> source : silent) {
            Task<String> task = Task.spawn(() -> source.stream().await());
            settle();
            source.next("item");
            assertThatThrownBy(() -> await(task))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("must call onSubscribe before onNext");
            settle();
            reports.takeOnly(Report.Kind.LATE_VALUE); // the item
        }
    }

    @LoopTest
    void signalsAfterTheEndAreUndelivered(Reports reports) {
        for (ManualStream<Object> source : ManualStream.both()) {
            Resource late = new Resource();
            IOException failure = new IOException("after the end");
            Task<Object> task = Task.spawn(() -> source.stream().await());
            settle();
            source.next("item");
            source.complete();
            source.next(late);
            source.fail(failure);
            source.complete();
            assertThat(await(task)).isEqualTo("item");
            settle();
            assertThat(late.closed).isEqualTo(1);
            assertThat(dropped.takeErrors()).containsExactly(failure);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
        }
    }

    // ---- misuse

    @Test
    void outsideALoopItIsMisuse() {
        for (Streamed<String> stream : both(Flowable.just("item"))) {
            for (Streamed.Pick pick : Streamed.Pick.values()) {
                assertThatThrownBy(() -> pick.await(stream)).isInstanceOf(LoopMisuseException.class);
            }
            assertThatThrownBy(stream::future).isInstanceOf(LoopMisuseException.class);
            assertThatThrownBy(stream::iterate).isInstanceOf(LoopMisuseException.class);
        }
    }

    @LoopTest
    void inACallbackItIsMisuseByItsName(Loop loop) {
        List<Throwable> thrown = new ArrayList<>();
        loop.callSoon(() -> {
            for (Streamed<String> stream : both(Flowable.just("item"))) {
                try {
                    stream.await();
                } catch (LoopMisuseException misuse) {
                    thrown.add(misuse);
                }
            }
        });
        yieldNow();
        assertThat(thrown).hasSize(2);
        assertThat(thrown.get(0)).hasMessageContaining("call:   await(Flowable)\n");
        assertThat(thrown.get(1)).hasMessageContaining("call:   await(Observable)\n");
    }

    @LoopTest
    void nullIsRefusedByName() {
        Flowable<String> noFlowable = null;
        Observable<String> noObservable = null;
        Consumer<String> nobody = null;
        for (Streamed.Pick pick : Streamed.Pick.values()) {
            assertThatThrownBy(() -> pick.await(Streamed.of(noFlowable))).hasMessage("flowable");
            assertThatThrownBy(() -> pick.await(Streamed.of(noObservable))).hasMessage("observable");
            for (Streamed<String> stream : both(Flowable.just("item"))) {
                assertThatThrownBy(() -> pick.await(stream, nobody)).hasMessage("onUndelivered");
            }
        }
        assertThatThrownBy(() -> Rx.future(noFlowable)).hasMessage("flowable");
        assertThatThrownBy(() -> Rx.future(noObservable)).hasMessage("observable");
        assertThatThrownBy(() -> Rx.future(Flowable.just("item"), nobody)).hasMessage("onUndelivered");
        assertThatThrownBy(() -> Rx.future(Observable.just("item"), nobody)).hasMessage("onUndelivered");
    }
}
