package io.coloop.stream;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import io.coloop.test.Trail;
import io.coloop.test.VirtualClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where values and errors go that nobody can receive any more. */
@Timeout(30)
class UndeliveredTest {
    /** With the hooks of a library. */
    private static final class Hooked extends Undelivered<Object> {
        private final Trail trail;
        private final boolean takes;

        Hooked(Loop loop, Trail trail, boolean takes, java.util.function.Consumer<Object> receiver) {
            super(loop, "a test", receiver);
            this.trail = trail;
            this.takes = takes;
        }

        @Override
        protected boolean discard(Object value) {
            trail.mark("hook " + value);
            return takes;
        }

        @Override
        protected void dropped(Throwable failure) {
            trail.mark("dropped " + failure.getMessage());
        }
    }

    private record Resource(Trail trail) implements AutoCloseable {
        @Override
        public void close() {
            trail.mark("closed");
        }

        @Override
        public String toString() {
            return "resource";
        }
    }

    private static void settle() {
        yieldNow();
        yieldNow();
    }

    @LoopTest
    void aReceiverComesFirst(Loop loop, Trail trail) {
        Undelivered<Object> undelivered = new Hooked(loop, trail, true, value -> trail.mark("receiver " + value));
        undelivered.value(new Resource(trail));
        assertThat(trail.marks()).as("from the ready queue").isEmpty();
        settle();
        assertThat(trail.marks()).containsExactly("receiver resource");
    }

    @LoopTest
    void thenTheLibrarysHook(Loop loop, Trail trail) {
        new Hooked(loop, trail, true, null).value(new Resource(trail));
        settle();
        assertThat(trail.marks()).containsExactly("hook resource");
    }

    @LoopTest
    void thenItIsClosed(Loop loop, Trail trail) {
        new Hooked(loop, trail, false, null).value(new Resource(trail));
        settle();
        assertThat(trail.marks()).containsExactly("hook resource", "closed");
    }

    @LoopTest
    void elseItIsReported(Loop loop, Trail trail, Reports reports) {
        new Hooked(loop, trail, false, null).value("x", "nobody came");
        settle();
        Report report = reports.takeOnly(Report.Kind.LATE_VALUE);
        assertThat(report.message()).isEqualTo("of a test, nobody came: x");
        assertThat(report.value()).isEqualTo("x");
        assertThat(report.loop()).isSameAs(loop);
        assertThat(trail.marks()).containsExactly("hook x");
    }

    @LoopTest
    void whatWasSupersededIsDisposedOfButNotReported(Loop loop, Trail trail) {
        new Hooked(loop, trail, false, null).unwanted("x");
        new Hooked(loop, trail, false, null).unwanted(new Resource(trail));
        new Hooked(loop, trail, false, value -> trail.mark("receiver " + value)).unwanted("y");
        settle();
        assertThat(trail.marks()).containsExactly("hook x", "hook resource", "closed", "receiver y");
    }

    @LoopTest
    void nullIsNoValue(Loop loop, Trail trail) {
        new Hooked(loop, trail, false, null).value(null);
        settle();
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void aReceiverMustNotAwait(Loop loop, Reports reports) {
        new Undelivered<>(loop, "a test", value -> Await.yieldNow()).value("x");
        settle();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).isInstanceOf(LoopMisuseException.class);
        assertThat(report.message()).contains("a value that nobody can receive could not be disposed of");
        assertThat(report.value()).isEqualTo("x");
    }

    @LoopTest
    void aReceiverOrAResourceThatFailsIsReportedWithTheValue(Loop loop, Reports reports) {
        AutoCloseable broken = () -> {
            throw new java.io.IOException("cannot close");
        };
        new Undelivered<>(loop, "a test", null).value(broken);
        settle();
        Report report = reports.takeOnly(Report.Kind.CALLBACK_FAILED);
        assertThat(report.failure()).hasMessage("cannot close");
        assertThat(report.value()).isSameAs(broken);
    }

    @LoopTest
    void anErrorIsReportedAndGoesToTheHook(Loop loop, Trail trail, Reports reports) {
        IllegalArgumentException failure = new IllegalArgumentException("late");
        new Hooked(loop, trail, false, null).error(failure);
        Report report = reports.takeOnly(Report.Kind.LATE_FAILURE);
        assertThat(report.failure()).isSameAs(failure);
        assertThat(report.message()).startsWith("a test failed too late: ");
        assertThat(trail.marks()).containsExactly("dropped late");
    }

    @LoopTest
    void aCancellationIsWhatWasAskedFor(Loop loop, Trail trail) {
        Undelivered<Object> undelivered = new Hooked(loop, trail, false, null);
        undelivered.error(new CancellationException());
        undelivered.error(new TaskCancelledException("as asked"));
        assertThat(trail.marks()).isEmpty();
    }

    @LoopTest
    void fromAForeignThreadItIsHandedOverOnTheLoop(Loop loop, VirtualClock clock) {
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        Undelivered<Object> undelivered = new Undelivered<>(loop, "a test", value -> onLoop.complete(loop.isOnLoop()));
        try (VirtualClock.ForeignOperation ignored = clock.foreign(loop)) {
            Thread.ofPlatform().start(() -> undelivered.value("x"));
            assertThat(Await.await(onLoop)).isTrue();
        }
    }

    @Test
    void onAClosedLoopItIsHandedOverWhereItComes() {
        List<Report> reports = new CopyOnWriteArrayList<>();
        Loop loop = Loop.builder().name("closed").exceptionHandler(reports::add).start();
        loop.close();
        List<Thread> threads = new ArrayList<>();
        new Undelivered<>(loop, "a test", value -> threads.add(Thread.currentThread())).value("x");
        assertThat(threads).containsExactly(Thread.currentThread());
        new Undelivered<>(loop, "a test", null).value("y");
        new Undelivered<>(loop, "a test", null).error(new IllegalArgumentException("late"));
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LATE_VALUE, Report.Kind.LATE_FAILURE);
    }

    @LoopTest
    void whatIsCancelledElsewhereDoesNotLookLikeOnesOwnCancellation() {
        TaskCancelledException ours = new TaskCancelledException("why");
        assertThat(Undelivered.crossing(ours))
                .isExactlyInstanceOf(CancellationException.class)
                .hasMessage("why")
                .hasCause(ours);
        CancellationException plain = new CancellationException();
        assertThat(Undelivered.crossing(plain)).isSameAs(plain);
        Error error = new AssertionError();
        assertThat(Undelivered.crossing(error)).isSameAs(error);
    }

    @Test
    void anErrorOfTheVirtualMachineThrownByASubscriberEndsTheLoop() throws InterruptedException {
        List<Report> reports = new CopyOnWriteArrayList<>();
        Loop loop = Loop.builder().name("fatal").exceptionHandler(reports::add).start();
        Recorder<Integer> recorder = new Recorder<>(1);
        recorder.onNext(item -> {
            throw new OutOfMemoryError("on purpose");
        });
        Streams.publisher(loop, (Emitter<Integer> emitter) -> emitter.emit(1)).subscribe(recorder);
        assertThat(loop.awaitTermination(java.time.Duration.ofSeconds(20))).isTrue();
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.LOOP_FAILED);
        new Undelivered<>(loop, "a test", null).brokenRule("something threw", new OutOfMemoryError("again"));
        assertThat(reports).extracting(Report::kind).contains(Report.Kind.CALLBACK_FAILED);
    }

    @LoopTest
    void nullsAreRefusedByName(Loop loop) {
        assertThatThrownBy(() -> new Undelivered<>(null, "a test", null)).hasMessage("loop");
        assertThatThrownBy(() -> new Undelivered<>(loop, null, null)).hasMessage("source");
        Undelivered<Object> undelivered = new Undelivered<>(loop, "a test", null);
        assertThatThrownBy(() -> undelivered.value(null, "why")).hasMessage("value");
        assertThatThrownBy(() -> undelivered.value("x", null)).hasMessage("why");
        assertThatThrownBy(() -> undelivered.unwanted(null)).hasMessage("value");
        assertThatThrownBy(() -> undelivered.error(null)).hasMessage("failure");
    }
}
