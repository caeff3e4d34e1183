package io.coloop.test;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfinementTest {
    private static Run run(String sample) {
        return Run.of(Samples.class, sample);
    }

    @LoopTest
    void whatRunsOnTheLoopPasses(Loop loop, Confinement confinement) {
        confinement.check("the test's body");
        Promise<String> promise = loop.promise();
        var stage = promise.future().thenAccept(value -> {
            confinement.check("a stage");
            confinement.checkSignal("a stage");
        });
        loop.execute(() -> confinement.checkSignal("a callback"));
        loop.callLater(java.time.Duration.ofSeconds(1), () -> {
            confinement.checkSignal("a timer");
            promise.complete("done");
        });
        await(Task.spawn(() -> confinement.check("a task")));
        await(stage);
        await(
                promise1 -> { // a subscription runs on the loop's own thread though a task awaits it
                    confinement.check("a subscription");
                    confinement.checkSignal("a subscription");
                    promise1.complete("done");
                });
        assertThat(confinement.take()).isEmpty();
    }

    @Test
    void aHopFailsTheTestWithThreadAndPlace() {
        Throwable failure = run("hops").failure();
        assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)the test ran off its loop:\n  the price ran on the thread .+, marked at "
                        + "io\\.coloop\\.test\\.ConfinementTest\\$Samples\\.\\S+\\(ConfinementTest\\.java:\\d+\\)");
        assertThat(failure.getSuppressed()).hasSize(1);
        assertThat(failure.getSuppressed()[0]).hasMessageStartingWith("the price ran on the thread ");
    }

    @Test
    void anUnnamedThreadIsSaidToo() {
        assertThat(run("hopsToAnUnnamedThread").failure()).hasMessageContaining("the thread VirtualThread[#");
    }

    @Test
    void anotherLoopIsAnotherPlace() {
        assertThat(run("runsOnAnotherLoop").failure())
                .hasMessageContaining("its task ran on the loop other, marked at ");
    }

    @Test
    void aSignalOnATasksStackFailsTheTest() {
        assertThat(run("signalsOnATasksStack").failure())
                .hasMessageContaining("onNext ran on the stack of task emitter, marked at ");
    }

    @Test
    void manyBreachesAreCounted() {
        Throwable failure = run("hopsOften").failure();
        assertThat(failure).hasMessageEndingWith("\n  ... and 80 times more");
        assertThat(failure.getSuppressed()).hasSize(20);
    }

    @Test
    void itIsTheFailureAlsoIfSomethingIsLeft() {
        assertThat(run("hopsAndLeavesATimer").printed())
                .contains(
                        "the test ran off its loop:",
                        "Suppressed: java.lang.AssertionError: the test left something behind:");
    }

    @Test
    void aFailingTestStillSaysWhatRanElsewhere() {
        assertThat(run("hopsAndFails").printed())
                .contains("mine", "Suppressed: java.lang.AssertionError: the test ran off");
    }

    @LoopTest
    void whatIsTakenDoesNotFailTheTest(Confinement confinement) {
        String thread = blocking(() -> {
            confinement.check("a blocking job");
            return Thread.currentThread().getName();
        });
        List<Confinement.Breach> breaches = confinement.take();
        assertThat(breaches).hasSize(1);
        assertThat(breaches.get(0).what()).isEqualTo("a blocking job");
        assertThat(breaches.get(0).where()).isEqualTo("the thread " + thread);
        assertThat(breaches.get(0).stack().getStackTrace()[2].getClassName())
                .isEqualTo(ConfinementTest.class.getName());
    }

    static class Samples {
        @LoopTest
        void hops(Confinement confinement) {
            blocking(() -> {
                confinement.check("the price");
                return null;
            });
        }

        @LoopTest(foreignThreads = true)
        void hopsToAnUnnamedThread(Loop loop, Confinement confinement) {
            Promise<String> promise = loop.promise();
            Thread.ofVirtual().start(() -> {
                confinement.checkSignal("the price");
                promise.complete("done");
            });
            await(promise.future());
        }

        @LoopTest
        void runsOnAnotherLoop(Confinement confinement) {
            blocking(() -> {
                try (Loop other = Loop.start("other")) {
                    other.spawn(() -> confinement.check("its task")).get();
                }
                return null;
            });
        }

        @LoopTest
        void signalsOnATasksStack(Loop loop, Confinement confinement) {
            await(loop.spawn("emitter", () -> confinement.checkSignal("onNext")));
        }

        @LoopTest
        void hopsOften(Confinement confinement) {
            blocking(() -> {
                for (int i = 0; i < 100; i++) {
                    confinement.check("again");
                }
                return null;
            });
        }

        @LoopTest
        void hopsAndLeavesATimer(Loop loop, Confinement confinement) {
            hops(confinement);
            loop.callLater(java.time.Duration.ofSeconds(1), () -> {});
        }

        @LoopTest
        void hopsAndFails(Confinement confinement) {
            hops(confinement);
            throw new IllegalStateException("mine");
        }
    }
}
