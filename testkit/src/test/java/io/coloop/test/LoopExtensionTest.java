package io.coloop.test;

import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Runs the samples below one by one and looks at how they end. */
class LoopExtensionTest {
    private static String failureOf(String sample) {
        List<Event> finished = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.conditions.deactivate", "*")
                .selectors(selectMethod(Samples.class.getName() + "#" + sample))
                .execute()
                .testEvents()
                .finished()
                .list();
        assertThat(finished).hasSize(1);
        return finished.get(0)
                .getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .map(Throwable::toString)
                .orElse("passed");
    }

    @Test
    void aTestThatLeavesNothingPasses() {
        assertThat(failureOf("leavesNothing(io.coloop.Loop, io.coloop.test.VirtualClock, io.coloop.test.Trail)"))
                .isEqualTo("passed");
    }

    @Test
    void theBodysOwnFailureIsTheTests() {
        assertThat(failureOf("throwsChecked()")).isEqualTo("java.io.IOException: mine");
    }

    @Test
    void aTaskThatIsLeftFailsTheTest() {
        assertThat(failureOf("leavesATask(io.coloop.Loop)"))
                .contains("left something behind", "tasks: 1\n", "    forgotten awaits a promise", ", spawned at ")
                .doesNotContain("check for leftovers");
    }

    @Test
    void aTimerThatIsLeftFailsTheTest() {
        assertThat(failureOf("leavesATimer(io.coloop.Loop)")).contains("left something behind", "timers: 1");
    }

    @Test
    void anUnobservedFailureFailsTheTest() {
        assertThat(failureOf("leavesAnUnobservedFailure(io.coloop.Loop)"))
                .contains("left something behind", "UNOBSERVED_FAILURE", "nobody looks");
    }

    @Test
    void aReportThatIsTakenDoesNot() {
        assertThat(failureOf("takesTheReport(io.coloop.Loop, io.coloop.test.Reports)"))
                .isEqualTo("passed");
    }

    @Test
    void aPlainTestRunsOnJUnitsThread() {
        assertThat(failureOf("plain(io.coloop.Loop)")).isEqualTo("passed");
    }

    @Test
    void aWrongReportIsSaid() {
        assertThat(failureOf("expectsAReport(io.coloop.test.Reports)")).contains("expected one report of LATE_VALUE");
    }

    /** Not nested: JUnit would run them. Static and without the name of a test class, so only the tests above do. */
    static class Samples {
        @LoopTest
        void leavesNothing(Loop loop, VirtualClock clock, Trail trail) {
            assertThat(loop.isOnLoop()).isTrue();
            sleep(Duration.ofSeconds(1));
            assertThat(clock.elapsed()).hasSeconds(1);
            trail.step(1);
        }

        @LoopTest
        void throwsChecked() throws IOException {
            throw new IOException("mine");
        }

        @LoopTest
        void leavesATask(Loop loop) {
            Promise<String> never = loop.promise();
            loop.spawn("forgotten", () -> io.coloop.Await.await(never.future()));
        }

        @LoopTest
        void leavesATimer(Loop loop) {
            loop.callLater(Duration.ofSeconds(1), () -> {});
        }

        @LoopTest
        void leavesAnUnobservedFailure(Loop loop) {
            Future.failed(new IOException("nobody looks"));
        }

        @LoopTest
        void takesTheReport(Loop loop, Reports reports) {
            Future.failed(new IOException("nobody looks"));
            sleep(Duration.ofSeconds(1));
            assertThat(reports.takeOnly(Report.Kind.UNOBSERVED_FAILURE).failure())
                    .hasMessage("nobody looks");
        }

        @Test
        @ExtendWith(LoopExtension.class)
        void plain(Loop loop) {
            assertThat(loop.isOnLoop()).isFalse();
            assertThat(loop.spawn(loop::isOnLoop).join()).isTrue();
        }

        @LoopTest
        void expectsAReport(Reports reports) {
            reports.takeOnly(Report.Kind.LATE_VALUE);
        }
    }
}
