package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Settling.endOf;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.stream.Iteration;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Mono;

/** Publishers that break the rules of Reactive Streams: a clear error or nothing at all, never a hang, nothing lost. For each way to subscribe to one. */
class BadPublisherTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final List<Object> undelivered = new ArrayList<>();

    private interface Way extends BiFunction<Publisher<Object>, Consumer<Object>, Object> {}

    private static final Map<String, Way> WAYS = new LinkedHashMap<>();

    static {
        WAYS.put("await", Reactor::await);
        WAYS.put("await(Mono)", (publisher, lost) -> Reactor.await(Mono.fromDirect(publisher), lost));
        WAYS.put("awaitFirst", Reactor::awaitFirst);
        WAYS.put("awaitLast", Reactor::awaitLast);
        WAYS.put("future", (publisher, lost) -> await(future(publisher, lost)));
        WAYS.put("iterate", (publisher, lost) -> {
            Object last = null;
            try (Iteration<Object> items = iterate(publisher, 4, lost)) {
                for (Object item : items) {
                    last = item;
                }
            }
            return last;
        });
    }

    private interface Script {
        void play(String way, ManualPublisher<Object> source, Task<Object> task) throws Exception;
    }

    private void each(boolean silent, Script script) throws Exception {
        for (Map.Entry<String, Way> way : WAYS.entrySet()) {
            undelivered.clear();
            ManualPublisher<Object> source = silent ? ManualPublisher.silent() : new ManualPublisher<>();
            Task<Object> task = Task.spawn(() -> way.getValue().apply(source, undelivered::add));
            settle();
            script.play(way.getKey(), source, task);
            settle();
        }
    }

    @LoopTest
    void noOnSubscribeButSignals() throws Exception {
        each(true, (way, source, task) -> {
            source.next("item");
            source.complete();
            Object end;
            try {
                end = await(task);
            } catch (IllegalStateException notAskedFor) {
                end = notAskedFor.getMessage();
            }
            settle();
            if (undelivered.isEmpty()) {
                assertThat(end).as(way).isEqualTo("item");
            } else {
                assertThat(end.toString()).as(way).contains("that were asked for");
            }
        });
    }

    @LoopTest
    void noOnSubscribeAndOneItemAndNothingElse() throws Exception {
        each(true, (way, source, task) -> {
            source.next("item");
            switch (way) {
                case "awaitFirst" -> assertThat(await(task)).isEqualTo("item");
                case "iterate" -> task.cancel(); // takes it, and waits for the next
                default -> {
                    assertThat(endOf(task))
                            .as(way)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageEndingWith(
                                    " must call onSubscribe before onNext (rule 1.9 of Reactive Streams)");
                    assertThat(undelivered).as(way).containsExactly("item");
                }
            }
        });
    }

    @LoopTest
    void noOnSubscribeAndOneItemThatTheCancelOvertakes() throws Exception {
        each(true, (way, source, task) -> {
            if (way.equals("awaitFirst") || way.equals("iterate")) {
                task.cancel();
                return;
            }
            source.next("item");
            task.cancel();
            settle();
            assertThat(endOf(task)).as(way).isInstanceOf(TaskCancelledException.class);
            assertThat(undelivered).as(way).containsExactly("item");
        });
    }

    @LoopTest
    void noOnSubscribeAndNothingElseCanBeCancelled() throws Exception {
        each(true, (way, source, task) -> {
            task.cancel();
            assertThat(endOf(task)).as(way).isInstanceOf(TaskCancelledException.class);
        });
    }

    @LoopTest
    void theFirstOfTwoSubscriptionsCounts() throws Exception {
        each(false, (way, source, task) -> {
            ManualPublisher<Object> second = new ManualPublisher<>();
            source.subscriber.onSubscribe(second);
            assertThat(second.cancelled).as(way).isEqualTo(1);
            assertThat(second.requested).as(way).isZero();
            assertThat(source.cancelled).as(way).isZero();
            source.next("item");
            source.complete();
            settle();
            assertThat(task.resultNow()).as(way).isEqualTo("item");
        });
    }

    @LoopTest
    void aNullSubscriptionIsRefusedAndFailsTheTask() throws Exception {
        each(true, (way, source, task) -> {
            assertThatThrownBy(() -> source.subscriber.onSubscribe(null))
                    .as(way)
                    .isInstanceOf(NullPointerException.class);
            assertThat(endOf(task))
                    .as(way)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("must not be null");
        });
    }

    @LoopTest
    void aNullItemIsRefusedAndFailsTheTask() throws Exception {
        each(false, (way, source, task) -> {
            assertThatThrownBy(() -> source.next(null)).as(way).isInstanceOf(NullPointerException.class);
            assertThat(endOf(task))
                    .as(way)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("must not be null");
            assertThat(source.cancelled).as(way).isEqualTo(1);
        });
    }

    @LoopTest
    void aNullErrorIsRefusedAndFailsTheTask() throws Exception {
        each(false, (way, source, task) -> {
            assertThatThrownBy(() -> source.fail(null)).as(way).isInstanceOf(NullPointerException.class);
            assertThat(endOf(task))
                    .as(way)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("must not be null");
        });
    }

    @LoopTest
    void anItemAfterTheEndIsUndelivered() throws Exception {
        each(false, (way, source, task) -> {
            source.complete();
            source.next("late");
            settle();
            assertThat(task.resultNow()).as(way).isNull();
            assertThat(undelivered).as(way).containsExactly("late");
        });
    }

    @LoopTest
    void aSecondEndIsNothing() throws Exception {
        each(false, (way, source, task) -> {
            source.next("item");
            source.complete();
            source.complete();
            settle();
            assertThat(task.resultNow()).as(way).isEqualTo("item");
        });
    }

    @LoopTest
    void anErrorAfterTheEndGoesToReactorsHookAndTheLoop(Reports reports) throws Exception {
        each(false, (way, source, task) -> {
            IOException late = new IOException("late");
            source.complete();
            source.fail(late);
            settle();
            assertThat(task.resultNow()).as(way).isNull();
            assertThat(dropped.takeErrors()).as(way).containsExactly(late);
            assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(late);
        });
    }

    @LoopTest
    void anEndAfterAnErrorIsNothing() throws Exception {
        each(false, (way, source, task) -> {
            IllegalStateException failure = new IllegalStateException("broken");
            source.fail(failure);
            source.complete();
            assertThat(endOf(task)).as(way).isSameAs(failure);
        });
    }

    @LoopTest
    void aSubscribeThatThrowsIsAFailure() {
        for (Map.Entry<String, Way> way : WAYS.entrySet()) {
            IllegalStateException failure = new IllegalStateException("no subscribers");
            Task<Object> task = Task.spawn(() -> way.getValue()
                    .apply(
                            subscriber -> {
                                throw failure;
                            },
                            undelivered::add));
            assertThat(endOf(task)).as(way.getKey()).isSameAs(failure);
        }
        assertThat(dropped.takeOperatorErrors()).isNotEmpty();
    }

    private static Publisher<Object> thatThrows(boolean inRequest, boolean inCancel, RuntimeException failure) {
        return subscriber -> subscriber.onSubscribe(new Subscription() {
            @Override
            public void request(long n) {
                if (inRequest) {
                    throw failure;
                }
            }

            @Override
            public void cancel() {
                if (inCancel) {
                    throw failure;
                }
            }
        });
    }

    @LoopTest
    void aRequestThatThrowsIsAFailure() {
        for (Map.Entry<String, Way> way : WAYS.entrySet()) {
            IllegalStateException failure = new IllegalStateException("no requests");
            Task<Object> task =
                    Task.spawn(() -> way.getValue().apply(thatThrows(true, false, failure), undelivered::add));
            assertThat(endOf(task)).as(way.getKey()).isSameAs(failure);
        }
        assertThat(dropped.takeOperatorErrors()).isNotEmpty();
    }

    @LoopTest
    void aCancelThatThrowsIsReportedAndTheTaskIsCancelled(Reports reports) {
        for (Map.Entry<String, Way> way : WAYS.entrySet()) {
            IllegalStateException failure = new IllegalStateException("no cancels");
            Task<Object> task =
                    Task.spawn(() -> way.getValue().apply(thatThrows(false, true, failure), undelivered::add));
            settle();
            task.cancel();
            assertThat(endOf(task)).as(way.getKey()).isInstanceOf(TaskCancelledException.class);
            settle();
            assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure())
                    .as(way.getKey())
                    .isSameAs(failure);
        }
    }

    @LoopTest
    void aPublisherThatSignalsWithinSubscribeAndGoesOnAfterTheCancel() {
        for (Map.Entry<String, Way> way : WAYS.entrySet()) {
            undelivered.clear();
            Publisher<Object> loud = new Publisher<>() {
                @Override
                public void subscribe(Subscriber<? super Object> subscriber) {
                    subscriber.onSubscribe(new Subscription() {
                        @Override
                        public void request(long n) {}

                        @Override
                        public void cancel() {}
                    });
                    for (int i = 0; i < 10; i++) {
                        subscriber.onNext(i);
                    }
                    subscriber.onComplete();
                }
            };
            Task<Object> task = Task.spawn(() -> way.getValue().apply(loud, undelivered::add));
            Object end;
            try {
                end = await(task);
            } catch (IllegalStateException failure) {
                end = failure;
            }
            settle();
            switch (way.getKey()) {
                case "awaitFirst" -> assertThat(end).isEqualTo(0);
                case "awaitLast" -> assertThat(end).isEqualTo(9);
                default -> assertThat(end).as(way.getKey()).isInstanceOf(IllegalStateException.class);
            }
            assertThat(undelivered).as(way.getKey()).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(6);
        }
    }

    @LoopTest
    void aCheckedFailureIsACauseForEachOfThem() throws Exception {
        each(false, (way, source, task) -> {
            IOException failure = new IOException("broken");
            source.fail(failure);
            assertThat(endOf(task))
                    .as(way)
                    .satisfiesAnyOf(
                            end -> assertThat(end)
                                    .isInstanceOf(CompletionException.class)
                                    .hasCause(failure),
                            end -> assertThat(end).isSameAs(failure));
        });
    }

    @LoopTest
    void aSourceThatSubscribesAfterTheCancelIsNotStarted() {
        for (Way way : WAYS.values()) {
            List<Subscriber<? super Object>> subscribers = new ArrayList<>();
            List<String> asked = new ArrayList<>();
            Publisher<Object> slow = subscribers::add;
            Task<Object> task = Task.spawn(() -> way.apply(slow, undelivered::add));
            settle();
            task.cancel();
            subscribers.get(0).onSubscribe(new Subscription() {
                @Override
                public void request(long n) {
                    asked.add("asked for " + n);
                }

                @Override
                public void cancel() {
                    asked.add("cancelled");
                }
            });
            settle();
            assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
            assertThat(asked).isNotEmpty().containsOnly("cancelled");
        }
    }
}
