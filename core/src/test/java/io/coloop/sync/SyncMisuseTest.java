package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.sync.Turns.onOtherThread;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Every call is checked, and the error says what to do. */
class SyncMisuseTest {
    private final WaitQueue waitQueue = WaitQueue.create();
    private final Lock lock = Lock.create();
    private final Event event = Event.create();
    private final Condition condition = Condition.create();
    private final Semaphore semaphore = Semaphore.withPermits(10);
    private final Barrier barrier = Barrier.forParties(1);
    private final Queue<Integer> queue = Queue.unbounded();

    private Map<String, Runnable> awaiting() {
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("WaitQueue.await()", waitQueue::await);
        calls.put("Lock.acquire()", lock::acquire);
        calls.put("Lock.release()", lock::release);
        calls.put("Event.await()", event::await);
        calls.put("Condition.acquire()", condition::acquire);
        calls.put("Condition.release()", condition::release);
        calls.put("Condition.await()", condition::await);
        calls.put("Condition.signal()", condition::signal);
        calls.put("Condition.signal(int)", () -> condition.signal(1));
        calls.put("Condition.signalAll()", condition::signalAll);
        calls.put("Semaphore.acquire()", semaphore::acquire);
        calls.put("Barrier.await()", barrier::await);
        calls.put("Queue.put(...)", () -> queue.put(1));
        calls.put("Queue.get()", queue::get);
        calls.put("Queue.join()", queue::join);
        return calls;
    }

    private Map<String, Runnable> others() {
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("WaitQueue.signal()", waitQueue::signal);
        calls.put("WaitQueue.signal(int)", () -> waitQueue.signal(1));
        calls.put("WaitQueue.signalAll()", waitQueue::signalAll);
        calls.put("WaitQueue.size()", waitQueue::size);
        calls.put("Lock.isLocked()", lock::isLocked);
        calls.put("Lock.owner()", lock::owner);
        calls.put("Event.set()", event::set);
        calls.put("Event.clear()", event::clear);
        calls.put("Event.isSet()", event::isSet);
        calls.put("Condition.isLocked()", condition::isLocked);
        calls.put("Semaphore.release()", semaphore::release);
        calls.put("Semaphore.isLocked()", semaphore::isLocked);
        calls.put("Semaphore.available()", semaphore::available);
        calls.put("Barrier.reset()", barrier::reset);
        calls.put("Barrier.abort()", barrier::abort);
        calls.put("Barrier.waiting()", barrier::waiting);
        calls.put("Barrier.isBroken()", barrier::isBroken);
        calls.put("Queue.tryPut(...)", () -> queue.tryPut(1));
        calls.put("Queue.tryGet()", queue::tryGet);
        calls.put("Queue.taskDone()", queue::taskDone);
        calls.put("Queue.size()", queue::size);
        calls.put("Queue.isEmpty()", queue::isEmpty);
        calls.put("Queue.isFull()", queue::isFull);
        calls.put("Queue.isShutDown()", queue::isShutDown);
        calls.put("Queue.shutdown()", queue::shutdown);
        calls.put("Queue.shutdownNow()", queue::shutdownNow);
        return calls;
    }

    private void bindAll() {
        waitQueue.size();
        lock.isLocked();
        event.isSet();
        condition.isLocked();
        semaphore.isLocked();
        barrier.isBroken();
        queue.size();
    }

    private static final String OUTSIDE_TASK = "only a task may await";
    private static final String NO_LOOP =
            "this object belongs to the first loop that uses it, and the calling thread has none";
    private static final String OTHER_LOOP = "this object belongs to the loop ";

    private static String ruleOf(String call) {
        boolean needsTheLock =
                call.equals("Lock.release()") || (call.startsWith("Condition.") && !call.endsWith("acquire()"));
        return needsTheLock ? "only a task holds a lock" : OUTSIDE_TASK;
    }

    private static void assertMisuse(Throwable thrown, String rule, String call) {
        assertThat(thrown)
                .as(call)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith(rule)
                .hasMessageContaining("\n  call:   " + call + "\n");
    }

    @Test
    void outsideALoop() {
        awaiting().forEach((call, action) -> assertMisuse(catchThrowable(action::run), ruleOf(call), call));
        others().forEach((call, action) -> assertMisuse(catchThrowable(action::run), NO_LOOP, call));
    }

    @LoopTest
    void onAnotherThread() {
        bindAll();
        awaiting()
                .forEach((call, action) ->
                        assertMisuse(onOtherThread(() -> catchThrowable(action::run)), ruleOf(call), call));
        others().forEach((call, action) ->
                assertMisuse(onOtherThread(() -> catchThrowable(action::run)), OTHER_LOOP, call));
    }

    @LoopTest
    void inATaskOfAnotherLoop(Loop loop, VirtualClock clock) {
        bindAll();
        try (Loop other = Loop.start("other");
                var operation = clock.foreign(loop)) {
            awaiting().forEach((call, action) -> assertMisuse(inATaskOf(other, action), OTHER_LOOP, call));
            others().forEach((call, action) -> assertMisuse(inATaskOf(other, action), OTHER_LOOP, call));
        }
    }

    private static Throwable inATaskOf(Loop other, Runnable action) {
        return await(other.spawn(() -> catchThrowable(action::run)));
    }

    @LoopTest
    void inACallbackNobodyWaits(Loop loop) {
        awaiting().forEach((call, action) -> {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            loop.callSoon(() -> thrown.set(catchThrowable(action::run)));
            yieldNow();
            assertMisuse(thrown.get(), ruleOf(call), call);
        });
    }

    @LoopTest
    void inACallbackTheRestIsFine(Loop loop) {
        queue.tryPut(1);
        others().forEach((call, action) -> {
            AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("did not run"));
            loop.callSoon(() -> thrown.set(catchThrowable(action::run)));
            yieldNow();
            assertThat(thrown.get())
                    .as(call)
                    .satisfiesAnyOf(
                            none -> assertThat(none).isNull(),
                            shutDown -> assertThat(shutDown).isInstanceOf(QueueShutDownException.class));
        });
    }

    @LoopTest
    void holdsAreConfined() {
        Hold hold = lock.acquire();
        Hold permit = semaphore.acquire();
        assertMisuse(onOtherThread(() -> catchThrowable(hold::close)), OTHER_LOOP, "Hold.close() of a Lock");
        assertMisuse(onOtherThread(() -> catchThrowable(permit::close)), OTHER_LOOP, "Hold.close() of a Semaphore");
        hold.close();
        permit.close();
    }

    @LoopTest
    void theTextSaysItAll(Loop loop) {
        event.set();
        String[] nameAndText = onOtherThread(() -> new String[] {
            Thread.currentThread().getName(), catchThrowable(event::set).getMessage()
        });
        assertThat(nameAndText[1])
                .isEqualTo("this object belongs to the loop " + loop.name() + ", the first that used it\n"
                        + "  call:   Event.set()\n"
                        + "  thread: " + nameAndText[0] + "\n"
                        + "  loop:   none\n"
                        + "  remedy: call it from a task or callback of its loop, or through loop.execute(...);"
                        + " make one object per loop");
    }

    // ---- which loop

    @Test
    void madeOutsideItBelongsToTheFirstLoopThatUsesIt() {
        Loop.run(() -> {
            lock.acquire();
            lock.release();
        });
        Loop.run(() -> assertThatThrownBy(lock::acquire)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageStartingWith(OTHER_LOOP));
    }

    @LoopTest
    void anyThreadMayReadTheText() {
        lock.acquire();
        assertThat(onOtherThread(lock::toString)).isEqualTo("Lock[locked by test, 0 waiting]");
        lock.release();
    }

    @Test
    void ofTwoLoopsOnlyOneGetsIt() {
        try (Loop first = Loop.start("first");
                Loop second = Loop.start("second")) {
            for (int round = 0; round < 500; round++) {
                Event contended = Event.create();
                AtomicInteger there = new AtomicInteger();
                Task<Throwable> one = first.spawn(() -> setTogether(contended, there));
                Task<Throwable> two = second.spawn(() -> setTogether(contended, there));
                Throwable failedFirst = one.join();
                Throwable failedSecond = two.join();
                assertThat(failedFirst == null).isNotEqualTo(failedSecond == null);
            }
        }
    }

    private static Throwable setTogether(Event event, AtomicInteger there) {
        there.incrementAndGet();
        for (long spins = 0; there.get() < 2 && spins < 1_000_000_000L; spins++) {
            Thread.onSpinWait();
        }
        return catchThrowable(event::set);
    }

    // ---- budget

    @Test
    void aBudgetIsATasks() {
        assertMisuse(catchThrowable(Await::consumeBudget), OUTSIDE_TASK, "consumeBudget()");
    }
}
