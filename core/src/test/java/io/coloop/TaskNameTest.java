package io.coloop;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** What tasks are called. */
class TaskNameTest {
    /** Counts how often somebody wanted to know. */
    private static final class Asked {
        final AtomicInteger times = new AtomicInteger();

        @Override
        public String toString() {
            return "asked " + times.incrementAndGet();
        }
    }

    @LoopTest
    void oneIsANumberUnlessItIsGiven() {
        Task<Void> plain = Task.spawn(() -> {});
        Task<Void> named = Task.spawn("mine", () -> {});
        assertThat(plain.name()).matches("task-\\d+");
        assertThat(named.name()).isEqualTo("mine");
        yieldNow();
    }

    @LoopTest
    void aNewNameIsAskedOnlyWhenItIsWanted(Loop loop) {
        Asked name = new Asked();
        Task<Void> task = Task.spawn("first", () -> {
            Task.current().rename(name);
            Await.sleep(Duration.ofSeconds(1));
        });
        yieldNow();
        yieldNow();
        assertThat(name.times).hasValue(0);
        assertThat(loop.dump()).contains("asked 1").doesNotContain("first");
        assertThat(task.name()).isEqualTo("asked 2");
        assertThat(task.toString()).startsWith("Task[asked 3, ");
        Await.await(task);
        assertThat(name.times).hasValue(3);
    }

    @LoopTest
    void whatIsReportedHasTheNewOne(Reports reports) {
        Task<Void> task = Task.spawn(() -> {
            Task.current().rename("request");
            try {
                Await.sleep(Duration.ofSeconds(1));
            } catch (TaskCancelledException swallowed) {
                // that is the point
            }
        });
        yieldNow();
        task.cancel();
        yieldNow();
        yieldNow();
        assertThat(reports.take())
                .singleElement()
                .satisfies(report -> assertThat(report.message()).startsWith("request was cancelled but returned"));
    }

    @LoopTest
    void nullIsNone() {
        assertThatThrownBy(() -> Task.current().rename(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name");
    }
}
