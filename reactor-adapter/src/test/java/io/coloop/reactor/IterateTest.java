package io.coloop.reactor;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Settling.endOf;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.stream.Iteration;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** {@code iterate(publisher)}: each question of the bridge contract, and the traps that apply. */
class IterateTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private final ManualPublisher<Object> source = new ManualPublisher<>();

    private static <T> List<T> all(Publisher<T> publisher, int prefetch) {
        List<T> items = new ArrayList<>();
        try (Iteration<T> iteration = iterate(publisher, prefetch)) {
            iteration.forEach(items::add);
        }
        return items;
    }

    // ---- items

    @LoopTest
    void allItemsInOrder() {
        List<Integer> numbers = IntStream.range(0, 1_000).boxed().toList();
        for (int prefetch : List.of(1, 2, 3, 4, 7, 32, 256, 5_000)) {
            assertThat(all(Flux.fromIterable(numbers), prefetch)).isEqualTo(numbers);
            assertThat(all(Flux.fromIterable(numbers).hide(), prefetch)).isEqualTo(numbers);
        }
        List<Integer> seen = new ArrayList<>();
        for (int number : iterate(Flux.fromIterable(numbers))) {
            seen.add(number);
        }
        assertThat(seen).isEqualTo(numbers);
    }

    @LoopTest
    void ofAMonoAndOfNothing() {
        assertThat(all(Mono.just(1), 1)).containsExactly(1);
        assertThat(all(Mono.empty(), 1)).isEmpty();
        assertThat(all(Flux.empty(), 8)).isEmpty();
    }

    @LoopTest
    void itemsOfAnotherThread(Loop loop, VirtualClock clock) {
        try (var thread = clock.foreign(loop)) {
            for (int prefetch : List.of(1, 3, 32)) {
                List<Integer> seen = all(Flux.range(0, 2_000).publishOn(Schedulers.boundedElastic()), prefetch);
                assertThat(seen).hasSize(2_000).isSorted();
            }
        }
    }

    @LoopTest
    void bothEndsAreTasks(Loop loop) {
        Flux<Integer> numbers = flux(loop, emitter -> {
            for (int i = 0; i < 100; i++) {
                sleep(Duration.ofMillis(1));
                emitter.emit(i);
            }
        });
        assertThat(all(numbers.map(i -> i * 2).filter(i -> i % 3 == 0), 4)).hasSize(34);
    }

    @LoopTest
    void itemsCanBeTakenWhenTheyComeOverTime(Loop loop, VirtualClock clock) {
        Flux<Long> ticks =
                Flux.interval(Duration.ofSeconds(1), Reactor.scheduler(loop)).take(5);
        assertThat(all(ticks, 8)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(5));
    }

    // ---- failures

    @LoopTest
    void aFailureComesAfterTheItems() {
        IllegalStateException failure = new IllegalStateException("broken");
        List<Integer> seen = new ArrayList<>();
        assertThatThrownBy(() -> iterate(Flux.range(1, 3).concatWith(Flux.error(failure)))
                        .forEach(seen::add))
                .isSameAs(failure);
        assertThat(seen).containsExactly(1, 2, 3);
        IOException checked = new IOException("broken");
        assertThatThrownBy(() -> all(Flux.error(checked), 1))
                .isInstanceOf(CompletionException.class)
                .hasCause(checked);
    }

    @LoopTest
    void trapAFailureThatLooksLikeCancellation() {
        Task<Void> task = Task.spawn(() -> {
            all(Flux.error(new TaskCancelledException("another task's")), 1);
        });
        assertThat(endOf(task)).isExactlyInstanceOf(CancellationException.class);
        assertThat(task.isCancelled()).isFalse();
    }

    @LoopTest
    void whatSubscribingThrowsIsAFailure() {
        IllegalStateException failure = new IllegalStateException("no subscribers");
        Publisher<Object> broken = subscriber -> {
            throw failure;
        };
        assertThatThrownBy(() -> all(broken, 1)).isSameAs(failure);
    }

    // ---- start, threads, demand

    @LoopTest
    void nothingStartsBeforeTheFirstHasNext(Trail trail) {
        Flux<Integer> cold = Flux.defer(() -> {
            trail.mark("subscribed in " + Task.currentOrNull());
            return Flux.just(1);
        });
        try (Iteration<Integer> items = iterate(cold)) {
            settle();
            assertThat(trail.marks()).isEmpty();
            assertThat(items.iterator().hasNext()).isTrue();
            assertThat(items.iterator().next()).isEqualTo(1);
            assertThat(items.iterator().hasNext()).isFalse();
        }
        assertThat(trail.marks()).containsExactly("subscribed in null");
    }

    @LoopTest
    void demandIsThePrefetchAndThenThreeQuarters() {
        List<Long> requests = new ArrayList<>();
        List<Integer> seen = all(Flux.range(1, 20).doOnRequest(requests::add), 8);
        assertThat(seen).hasSize(20);
        assertThat(requests).startsWith(8L, 6L, 6L);
        assertThat(requests.stream().mapToLong(n -> n).sum()).isLessThanOrEqualTo(28);
    }

    @LoopTest
    void aSlowTaskSlowsTheSource(Loop loop) {
        List<Integer> made = new ArrayList<>();
        try (Iteration<Integer> items = iterate(Flux.range(1, 1_000).doOnNext(made::add), 4, left -> {})) {
            var iterator = items.iterator();
            assertThat(iterator.next()).isEqualTo(1);
            settle();
            assertThat(made).hasSize(4);
            iterator.next();
            iterator.next();
            settle();
            assertThat(made).hasSize(7);
        }
    }

    @LoopTest
    void aSourceThatCannotBeSlowedDownFailsTheIterationAndReactorTells(Loop loop) {
        Sinks.Many<Integer> hot = Sinks.many().multicast().directBestEffort();
        Task<List<Integer>> task = Task.spawn(() -> all(hot.asFlux().onBackpressureError(), 2));
        settle();
        for (int i = 0; i < 5; i++) {
            hot.tryEmitNext(i);
        }
        assertThat(endOf(task)).isInstanceOf(IllegalStateException.class).hasMessageContaining("overrun");
        assertThat(dropped.takeOperatorErrors()).hasSize(1);
    }

    @LoopTest
    void moreThanWasAskedForIsAFailure() {
        List<Object> undelivered = new ArrayList<>();
        Task<Void> task = Task.spawn(() -> {
            try (Iteration<Object> items = iterate(source, 2, undelivered::add)) {
                items.forEach(item -> settle());
            }
        });
        settle();
        for (int i = 0; i < 3; i++) {
            source.next(i);
        }
        assertThat(endOf(task))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more than the 2 items that were asked for");
        settle();
        assertThat(source.cancelled).isEqualTo(1);
        assertThat(undelivered).contains(2);
    }

    @LoopTest
    void aTaskThatIteratesOverWhatIsReadyYields(Trail trail) {
        Task<Void> other = Task.spawn(() -> trail.mark("other"));
        for (int item : iterate(Flux.range(1, 10_000), 10_000)) {
            if (item == 1_000) {
                trail.mark("thousand");
            }
        }
        assertThat(trail.marks()).containsExactly("other", "thousand");
        assertThat(other.isDone()).isTrue();
    }

    // ---- cancelling, and what can no longer be delivered

    @LoopTest
    void trapTheResourceOfASourceWasInUseRightAfterTheTry() {
        List<String> said = new ArrayList<>();
        Flux<Integer> rows = Flux.using(
                () -> said.add("open"), connection -> Flux.range(1, 100), connection -> said.add("released"));
        for (int use = 0; use < 2; use++) {
            try (Iteration<Integer> items = iterate(rows)) {
                assertThat(items.iterator().next()).isEqualTo(1);
            }
        }
        assertThat(said).containsExactly("open", "released", "open", "released");
    }

    @LoopTest
    void bodiesBehindOperatorsHaveEndedWhenItIsClosed(Loop loop, VirtualClock clock) {
        List<String> said = new ArrayList<>();
        Flux<Integer> numbers = Reactor.<Integer>flux(loop, emitter -> {
                    try {
                        for (int i = 1; ; i++) {
                            emitter.emit(i);
                        }
                    } finally {
                        sleep(Duration.ofMillis(5));
                        said.add("numbers");
                    }
                })
                .map(number -> number * 2)
                .flatMap(
                        number -> number < 6
                                ? Mono.just(number)
                                : mono(loop, () -> {
                                    try {
                                        sleep(Duration.ofDays(1));
                                        return 0;
                                    } finally {
                                        sleep(Duration.ofMillis(7));
                                        said.add("lookup");
                                    }
                                }),
                        4);
        try (Iteration<Integer> items = iterate(numbers, 1)) {
            assertThat(items.iterator().next()).isEqualTo(2);
            assertThat(items.iterator().next()).isEqualTo(4);
            settle();
        }
        assertThat(said).startsWith("numbers").contains("lookup");
        assertThat(clock.elapsed()).isEqualTo(Duration.ofMillis(7));
    }

    @LoopTest
    void leavingEarlyCancelsTheSource(Trail trail) {
        Flux<Integer> endless = Flux.<Integer>generate(sink -> sink.next(1)).doOnCancel(() -> trail.mark("cancelled"));
        try (Iteration<Integer> items = iterate(endless, 4, left -> {})) {
            for (int item : items) {
                break;
            }
        }
        assertThat(trail.marks()).containsExactly("cancelled");
    }

    @LoopTest
    void trapCancellationNoticedOnlyAtTheNextItem(Trail trail) {
        Flux<Object> never = Flux.never().doOnCancel(() -> trail.mark("cancelled"));
        Task<Void> task = Task.spawn(() -> {
            all(never, 1);
        });
        settle();
        task.cancel("enough");
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class).hasMessage("enough");
        settle();
        assertThat(trail.marks()).containsExactly("cancelled");
    }

    @LoopTest
    void itemsThatAreLeftGoToTheDiscardHookOfTheSourcesEnd() {
        List<Object> discarded = new ArrayList<>();
        Flux<Integer> items = Flux.range(1, 100).hide().doOnDiscard(Integer.class, discarded::add);
        try (Iteration<Integer> iteration = iterate(items, 4)) {
            assertThat(iteration.iterator().next()).isEqualTo(1);
        }
        settle();
        assertThat(discarded).containsExactly(2, 3, 4);
    }

    @LoopTest
    void itemsThatAreLeftGoToTheCallerFirst() {
        List<Object> undelivered = new ArrayList<>();
        Flux<Integer> items = Flux.range(1, 100).hide().doOnDiscard(Integer.class, lost -> {
            throw new AssertionError();
        });
        try (Iteration<Integer> iteration = iterate(items, 4, undelivered::add)) {
            iteration.iterator().next();
        }
        settle();
        assertThat(undelivered).containsExactly(2, 3, 4);
    }

    @LoopTest
    void itemsThatAreLeftAreClosed() {
        Resource left = new Resource();
        try (Iteration<Object> iteration =
                iterate(Flux.just("taken", left, "left").hide(), 4)) {
            iteration.iterator().next();
        }
        settle();
        assertThat(left.closed).isEqualTo(1);
    }

    @LoopTest
    void anItemThatComesAfterTheCloseIsUndelivered() {
        List<Object> discarded = new ArrayList<>();
        Iteration<Object> items = iterate(Flux.from(source).doOnDiscard(Object.class, discarded::add), 4);
        Task<Boolean> waiting = Task.spawn(() -> items.iterator().hasNext());
        settle();
        items.close();
        source.next("late");
        settle();
        assertThat(waiting.resultNow()).isFalse();
        assertThat(discarded).containsExactly("late");
    }

    @LoopTest
    void anErrorThatComesAfterTheCloseGoesToReactorsHookAndTheLoop(Reports reports) {
        IOException failure = new IOException("late");
        Iteration<Object> items = iterate(source, 4);
        Task<Boolean> waiting = Task.spawn(() -> items.iterator().hasNext());
        settle();
        items.close();
        source.fail(failure);
        settle();
        assertThat(waiting.resultNow()).isFalse();
        assertThat(dropped.takeErrors()).containsExactly(failure);
        assertThat(reports.takeOnly(Report.Kind.LATE_FAILURE).failure()).isSameAs(failure);
    }

    @LoopTest(foreignThreads = true)
    void aLoopThatClosesClosesWhatIsOpen() {
        ManualPublisher<Object> left = new ManualPublisher<>();
        Loop other = Loop.start("closing");
        Task<Boolean> task = other.spawn(() -> iterate(left).iterator().hasNext());
        io.coloop.Await.blocking(() -> {
            while (left.subscriber == null) {
                Thread.onSpinWait();
            }
            other.close();
            return null;
        });
        assertThat(left.cancelled).isEqualTo(1);
        assertThat(task.isCancelled()).isTrue();
    }

    // ---- misuse

    @Test
    void withoutALoopItIsMisuse() {
        assertThatThrownBy(() -> iterate(Flux.empty()))
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("iterate(Publisher)");
    }

    @LoopTest
    void badArguments() {
        assertThatThrownBy(() -> iterate(null)).hasMessage("publisher");
        assertThatThrownBy(() -> iterate(Flux.empty(), 1, null)).hasMessage("onUndelivered");
        for (int prefetch : List.of(0, -1, Integer.MIN_VALUE)) {
            assertThatThrownBy(() -> iterate(Flux.empty(), prefetch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("prefetch is from 1 to 2^30: " + prefetch);
        }
    }
}
