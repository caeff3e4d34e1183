package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.sync.Turns.assertEndsCancelled;
import static io.coloop.sync.Turns.turns;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;

/** The tests that CPython has for {@code asyncio.Event}. */
class EventTest {
    private final Event event = Event.create();

    private Task<Void> waiting(Trail trail, String name) {
        return Task.spawn(() -> {
            event.await();
            trail.mark(name);
        });
    }

    @LoopTest
    void itsStateCanBeRead(Trail trail) {
        assertThat(event.toString()).isEqualTo("Event[unset, 0 waiting]");
        waiting(trail, "a");
        turns(1);
        assertThat(event.toString()).isEqualTo("Event[unset, 1 waiting]");
        event.set();
        turns(1);
        assertThat(event.toString()).isEqualTo("Event[set, 0 waiting]");
    }

    @LoopTest
    void allThatWaitAreWoken(Trail trail) {
        waiting(trail, "1");
        waiting(trail, "2");
        turns(1);
        assertThat(trail.marks()).isEmpty();
        waiting(trail, "3");
        event.set();
        turns(1);
        assertThat(trail.marks()).containsExactly("3", "1", "2");
    }

    @LoopTest
    void nobodyWaitsOnceItIsSet(Loop loop) {
        event.set();
        long turn = loop.turnCount();
        event.await();
        assertThat(loop.turnCount()).isEqualTo(turn);
    }

    @LoopTest
    void aCancelledTaskDoesNotWaitAnyMore(Loop loop, Trail trail) {
        Task<Void> task = waiting(trail, "a");
        loop.callSoon(task::cancel);
        assertEndsCancelled(task);
        assertThat(event.toString()).isEqualTo("Event[unset, 0 waiting]");
    }

    @LoopTest
    void cleared() {
        assertThat(event.isSet()).isFalse();
        event.set();
        assertThat(event.isSet()).isTrue();
        event.clear();
        assertThat(event.isSet()).isFalse();
    }

    @LoopTest
    void clearedAtOnceItStillWakesThoseThatWaited(Trail trail) {
        Task<Void> task = waiting(trail, "a");
        turns(1);
        event.set();
        event.clear();
        assertThat(event.isSet()).isFalse();
        event.set();
        event.set();
        assertThat(event.toString()).isEqualTo("Event[set, 1 waiting]");
        turns(1);
        assertThat(trail.marks()).containsExactly("a");
        assertThat(event.toString()).isEqualTo("Event[set, 0 waiting]");
        await(task);
    }

    @LoopTest
    void aWakeUpThatACancelledTaskGotWakesNoLateComer(Trail trail) {
        Task<Void> task = waiting(trail, "a");
        turns(1);
        Task<Void> late = waiting(trail, "late"); // it arrives before the other one runs
        event.set();
        task.cancel();
        event.clear();
        turns(4);
        assertEndsCancelled(task);
        assertThat(late.isDone()).isFalse();
        event.set();
        await(late);
    }

    @LoopTest
    void aCallbackMaySetIt(Loop loop) {
        loop.callSoon(event::set);
        event.await();
    }
}
