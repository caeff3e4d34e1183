package app;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.CloseHook;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.TimerHandle;
import io.coloop.stream.Iteration;
import io.coloop.stream.Streams;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SubmissionPublisher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a loop says of what it holds besides tasks. In a package of its own: frames of coloop's are not shown. */
@Timeout(60)
class ResourcesTest {
    private static List<String> withoutLines(List<String> resources) {
        return resources.stream()
                .map(line -> line.replaceAll("java:\\d+", "java"))
                .toList();
    }

    @LoopTest
    void nothing(Loop loop) {
        assertThat(loop.activeResources()).isEmpty();
        assertThat(loop.closeHookCount()).isZero();
    }

    @LoopTest
    void eachSaysWhereItComesFrom(Loop loop) {
        TimerHandle later = loop.callLater(Duration.ofSeconds(2), () -> {});
        TimerHandle sooner = loop.callLater(Duration.ofSeconds(1), () -> {});
        CloseHook older = loop.onClose(() -> {});
        CloseHook newer = loop.onClose(ResourcesTest::close);
        loop.execute(() -> {});
        loop.spawn(() -> {}); // a task is no resource
        assertThat(withoutLines(loop.activeResources()))
                .containsExactly(
                        "callback made in app.ResourcesTest",
                        "timer due in PT1S, set at app.ResourcesTest.eachSaysWhereItComesFrom(ResourcesTest.java)",
                        "timer due in PT2S, set at app.ResourcesTest.eachSaysWhereItComesFrom(ResourcesTest.java)",
                        "close hook registered at app.ResourcesTest.eachSaysWhereItComesFrom(ResourcesTest.java)",
                        "close hook registered at app.ResourcesTest.eachSaysWhereItComesFrom(ResourcesTest.java)");
        assertThat(loop.closeHookCount()).isEqualTo(2);
        assertThat(newer.toString()).contains(", registered at app.ResourcesTest.");

        later.cancel();
        sooner.cancel();
        older.remove();
        newer.remove();
        yieldNow();
        assertThat(loop.activeResources()).isEmpty();
    }

    private static void close() {}

    @LoopTest
    void anOpenIterationSaysOverWhat(Loop loop) {
        try (SubmissionPublisher<String> publisher = new SubmissionPublisher<>(Runnable::run, 16) {
                    @Override
                    public String toString() {
                        return "the news";
                    }
                };
                Iteration<String> news = Streams.iterate(publisher)) {
            Task<Boolean> waiting = Task.spawn(() -> news.iterator().hasNext());
            yieldNow();
            assertThat(loop.activeResources()).containsExactly("close hook of the iteration over the news");
            publisher.submit("tea");
            assertThat(await(waiting)).isTrue();
            assertThat(news.iterator().next()).isEqualTo("tea");
        }
        assertThat(loop.closeHookCount()).isZero();
    }

    @LoopTest
    void manyOfAKindAreCounted(Loop loop) {
        List<TimerHandle> timers = new ArrayList<>();
        for (int i = 0; i < 23; i++) {
            timers.add(loop.callLater(Duration.ofSeconds(1), () -> {}));
        }
        assertThat(loop.activeResources()).hasSize(21).last().isEqualTo("timers: 3 more");
        timers.forEach(TimerHandle::cancel);
    }

    @Test
    void withoutDebugModePlacesAreUnknown() {
        List<String> resources = Loop.builder().clock(new VirtualClock()).run(() -> {
            Loop loop = Loop.current();
            loop.callLater(Duration.ofSeconds(1), () -> {});
            loop.onClose(() -> {});
            return loop.activeResources();
        });
        assertThat(resources).hasSize(2);
        assertThat(resources.get(0)).isEqualTo("timer due in PT1S");
        assertThat(resources.get(1)).isEqualTo("close hook made in app.ResourcesTest");
    }

    @Test
    void itIsTheLoops() {
        try (Loop loop = Loop.start("elsewhere")) {
            assertThatThrownBy(loop::activeResources)
                    .isInstanceOf(LoopMisuseException.class)
                    .hasMessageContaining("activeResources()");
            assertThat(loop.closeHookCount()).isZero();
        }
    }
}
