package io.coloop;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** What runs in order, and what runs at all. */
class SerialQueueTest {
    private final List<String> ran = new ArrayList<>();

    private Runnable says(String what) {
        return () -> ran.add(what);
    }

    private static void settle() {
        for (int i = 0; i < 4; i++) {
            yieldNow();
        }
    }

    @LoopTest
    void whatAnotherThreadGaveFirstRunsFirst(Loop loop) {
        SerialQueue queue = SerialQueue.of(loop);
        Real.onOtherThread(() -> queue.add(says("other"))); // comes through the inbox
        queue.add(says("own"));
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue).hasToString("SerialQueue[2 on " + loop.name() + "]");
        settle();
        assertThat(ran).containsExactly("other", "own");
        assertThat(queue.isEmpty()).isTrue();
    }

    @LoopTest
    void eachRunsInItsOwnContext(Loop loop, Reports reports) {
        ContextVar<String> name = ContextVar.of("name", "nobody");
        SerialQueue queue = SerialQueue.of(loop);
        for (String each : List.of("ann", "bob")) {
            Task.spawn(() -> {
                name.set(each);
                queue.add(() -> ran.add(name.get()));
            });
        }
        queue.add(() -> {
            throw new IllegalStateException("expected");
        });
        settle();
        assertThat(ran).containsExactly("ann", "bob");
        assertThat(reports.takeOnly(Report.Kind.CALLBACK_FAILED).failure()).hasMessage("expected");
    }

    /** The trap: an action was accepted and never run, because its item ran one of another thread that the closing loop then refused. */
    @LoopTest
    void whatIsRefusedHasTakenNobodysItem(Loop loop) {
        List<Runnable> items = new ArrayList<>();
        SerialQueue[] queue = new SerialQueue[1];
        Executor closing = new Executor() {
            private boolean another = true;

            @Override
            public void execute(Runnable item) {
                if (another) { // gives one and has it run, before the first is refused
                    another = false;
                    queue[0].add(says("another's"));
                    items.forEach(Runnable::run);
                    throw new LoopClosedException("closed");
                }
                items.add(item);
            }
        };
        queue[0] = new SerialQueue(loop, closing);
        assertThatThrownBy(() -> queue[0].add(says("refused"))).isInstanceOf(LoopClosedException.class);
        assertThat(ran).containsExactly("another's");
        assertThat(queue[0].isEmpty()).isTrue();
    }

    /** The other order: an item that runs before the thread that gave it goes on. */
    @LoopTest
    void anItemRunsItsOwnActionAtTheLatest(Loop loop) {
        SerialQueue queue = new SerialQueue(loop, Runnable::run);
        queue.add(says("at once"));
        assertThat(ran).containsExactly("at once");
        assertThat(queue.isEmpty()).isTrue();
    }

    @LoopTest
    void nullsAreRefusedByName(Loop loop) {
        assertThatThrownBy(() -> SerialQueue.of(null)).hasMessage("loop");
        assertThatThrownBy(() -> SerialQueue.of(loop).add(null)).hasMessage("action");
    }
}
