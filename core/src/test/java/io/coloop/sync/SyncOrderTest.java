package io.coloop.sync;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;

/** The order that a program can see is CPython asyncio's, turn for turn; each expectation was printed by asyncio (3.13). */
class SyncOrderTest {
    private static void ticks(Trail trail, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            trail.mark(prefix + i);
            yieldNow();
        }
    }

    /** A task that leaves a mark if it is cancelled. */
    private static Task<Void> guarded(Trail trail, String name, VoidBody<?> body) {
        return Task.spawn(() -> {
            try {
                body.run();
            } catch (TaskCancelledException cancelled) {
                trail.mark(name + " cancelled");
                throw cancelled;
            } catch (Throwable failure) {
                throw new AssertionError(failure);
            }
        });
    }

    // ---- locks

    private static VoidBody<?> locked(Lock lock, Trail trail, String name) {
        return () -> {
            try (Hold hold = lock.acquire()) {
                trail.mark(name);
            }
        };
    }

    @LoopTest
    void lockHandsOverInOrder(Trail trail) {
        Lock lock = Lock.create();
        for (String name : new String[] {"a", "b", "c"}) {
            Task.spawn(() -> holdForATurn(lock, trail, name));
        }
        ticks(trail, "m", 2);
        Task.spawn(() -> holdForATurn(lock, trail, "d"));
        ticks(trail, "n", 7);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "a1", "m1", "a2", "n0", "b1", "n1", "b2", "n2", "c1", "n3", "c2", "n4", "d1", "n5", "d2",
                        "n6");
    }

    private static void holdForATurn(Lock lock, Trail trail, String name) {
        try (Hold hold = lock.acquire()) {
            trail.mark(name + "1");
            yieldNow();
            trail.mark(name + "2");
        }
    }

    @LoopTest
    void lockReleaserQueuesBehindTheWoken(Trail trail) {
        Lock lock = Lock.create();
        lock.acquire();
        Task.spawn(() -> {
            for (int i = 0; i < 3; i++) {
                lock.acquire();
                trail.mark("g" + i);
                lock.release();
                trail.mark("free " + lock.isLocked());
            }
        });
        Task.spawn(locked(lock, trail, "a"));
        Task.spawn(locked(lock, trail, "b"));
        ticks(trail, "m", 1);
        lock.release();
        ticks(trail, "n", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "n0",
                        "g0",
                        "free false",
                        "n1",
                        "a",
                        "n2",
                        "b",
                        "n3",
                        "g1",
                        "free false",
                        "g2",
                        "free false",
                        "n4",
                        "n5");
    }

    @LoopTest
    void lockCancelledHeadThenRelease(Trail trail) {
        Lock lock = Lock.create();
        lock.acquire();
        Task<Void> a = guarded(trail, "a", locked(lock, trail, "a"));
        guarded(trail, "b", locked(lock, trail, "b"));
        guarded(trail, "c", locked(lock, trail, "c"));
        ticks(trail, "m", 1);
        a.cancel();
        lock.release();
        trail.mark("locked " + lock.isLocked());
        ticks(trail, "n", 5);
        assertThat(trail.marks())
                .containsExactly("m0", "locked false", "n0", "a cancelled", "n1", "b", "n2", "c", "n3", "n4");
    }

    @LoopTest
    void lockWokenHeadCancelled(Trail trail) {
        Lock lock = Lock.create();
        lock.acquire();
        Task<Void> a = guarded(trail, "a", locked(lock, trail, "a"));
        guarded(trail, "b", locked(lock, trail, "b"));
        guarded(trail, "c", locked(lock, trail, "c"));
        ticks(trail, "m", 1);
        lock.release();
        a.cancel();
        ticks(trail, "n", 5);
        assertThat(trail.marks()).containsExactly("m0", "n0", "a cancelled", "n1", "b", "n2", "c", "n3", "n4");
    }

    @LoopTest
    void lockCancelledInTheMiddle(Trail trail) {
        Lock lock = Lock.create();
        lock.acquire();
        guarded(trail, "a", () -> lockedForATurn(lock, trail, "a"));
        Task<Void> b = guarded(trail, "b", () -> lockedForATurn(lock, trail, "b"));
        guarded(trail, "c", () -> lockedForATurn(lock, trail, "c"));
        ticks(trail, "m", 1);
        b.cancel();
        lock.release();
        guarded(trail, "d", () -> lockedForATurn(lock, trail, "d"));
        ticks(trail, "n", 6);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "b cancelled", "a", "n1", "n2", "c", "n3", "n4", "d", "n5");
    }

    private static void lockedForATurn(Lock lock, Trail trail, String name) {
        try (Hold hold = lock.acquire()) {
            trail.mark(name);
            yieldNow();
        }
    }

    // ---- events

    @LoopTest
    void eventSetAndClear(Trail trail) {
        Event event = Event.create();
        guarded(trail, "a", () -> awaited(event, trail, "a"));
        Task<Void> b = guarded(trail, "b", () -> awaited(event, trail, "b"));
        ticks(trail, "m", 1);
        guarded(trail, "c", () -> awaited(event, trail, "c"));
        event.set();
        b.cancel();
        event.clear();
        trail.mark("set " + event.isSet());
        ticks(trail, "n", 2);
        event.set();
        guarded(trail, "d", () -> awaited(event, trail, "d"));
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly("m0", "set false", "n0", "a", "b cancelled", "n1", "o0", "c", "d", "o1");
    }

    private static void awaited(Event event, Trail trail, String name) {
        event.await();
        trail.mark(name);
    }

    // ---- conditions

    private static VoidBody<?> woken(Condition condition, Trail trail, String name) {
        return () -> {
            try (Hold hold = condition.acquire()) {
                condition.await();
                trail.mark(name + " woken");
            }
        };
    }

    private static void signalAll(Condition condition) {
        try (Hold hold = condition.acquire()) {
            condition.signalAll();
        }
    }

    @LoopTest
    void conditionWakesOneByOne(Trail trail) {
        Condition condition = Condition.create();
        for (String name : new String[] {"a", "b", "c"}) {
            Task.spawn(() -> {
                try (Hold hold = condition.acquire()) {
                    trail.mark(name + " waits");
                    condition.await();
                    trail.mark(name + " woken");
                    yieldNow();
                    trail.mark(name + " leaves");
                }
            });
        }
        ticks(trail, "m", 2);
        try (Hold hold = condition.acquire()) {
            condition.signal(2);
            trail.mark("notified");
            yieldNow();
            trail.mark("release");
        }
        ticks(trail, "n", 6);
        signalAll(condition);
        ticks(trail, "o", 4);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "a waits",
                        "b waits",
                        "c waits",
                        "m1",
                        "notified",
                        "release",
                        "n0",
                        "a woken",
                        "n1",
                        "a leaves",
                        "n2",
                        "b woken",
                        "n3",
                        "b leaves",
                        "n4",
                        "n5",
                        "o0",
                        "c woken",
                        "o1",
                        "c leaves",
                        "o2",
                        "o3");
    }

    @LoopTest
    void conditionCancelledWaiterWakesAnother(Trail trail) {
        Condition condition = Condition.create();
        Task<Void> a = guarded(trail, "a", woken(condition, trail, "a"));
        guarded(trail, "b", woken(condition, trail, "b"));
        guarded(trail, "c", woken(condition, trail, "c"));
        ticks(trail, "m", 1);
        a.cancel();
        ticks(trail, "n", 4);
        signalAll(condition);
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "a cancelled", "n1", "b woken", "n2", "n3", "o0", "c woken", "o1");
    }

    @LoopTest
    void conditionNotifiedAndCancelled(Trail trail) {
        Condition condition = Condition.create();
        Task<Void> a = guarded(trail, "a", woken(condition, trail, "a"));
        guarded(trail, "b", woken(condition, trail, "b"));
        guarded(trail, "c", woken(condition, trail, "c"));
        ticks(trail, "m", 1);
        try (Hold hold = condition.acquire()) {
            condition.signal();
        }
        a.cancel();
        ticks(trail, "n", 4);
        signalAll(condition);
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "a cancelled", "n1", "b woken", "n2", "n3", "o0", "c woken", "o1");
    }

    @LoopTest
    void conditionCancelledWhileItTakesTheLockBack(Trail trail) {
        Condition condition = Condition.create();
        Task<Void> a = Task.spawn(() -> {
            try (Hold hold = condition.acquire()) {
                awaitOrMark(condition, trail);
            }
        });
        Task.spawn(woken(condition, trail, "b"));
        ticks(trail, "m", 1);
        condition.acquire();
        condition.signal();
        ticks(trail, "n", 1);
        a.cancel("first");
        ticks(trail, "o", 1);
        a.cancel("second");
        ticks(trail, "p", 1);
        trail.mark("release");
        condition.release();
        ticks(trail, "q", 5);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "n0", "o0", "p0", "release", "q0", "a second true", "q1", "b woken", "q2", "q3", "q4");
    }

    private static void awaitOrMark(Condition condition, Trail trail) {
        try {
            condition.await();
        } catch (TaskCancelledException cancelled) {
            trail.mark("a " + cancelled.getMessage() + " " + condition.isLocked());
            throw cancelled;
        }
    }

    // ---- semaphores

    @LoopTest
    void semaphoreWakesThoseWhoHadToLineUp(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task.spawn(() -> {
            semaphore.acquire();
            trail.mark("1 " + semaphore.available());
            Task.spawn(() -> trail.mark("4"));
        });
        Task.spawn(() -> {
            semaphore.release();
            semaphore.release();
            semaphore.release();
            trail.mark("released " + semaphore.available() + " " + semaphore.isLocked());
            semaphore.acquire();
            trail.mark("2");
        });
        Task.spawn(() -> {
            semaphore.acquire();
            trail.mark("3 " + semaphore.isLocked());
        });
        ticks(trail, "m", 1);
        trail.mark("value " + semaphore.available());
        ticks(trail, "n", 4);
        assertThat(trail.marks())
                .containsExactly("m0", "released 2 true", "value 2", "n0", "1 0", "n1", "2", "3 true", "4", "n2", "n3");
    }

    @LoopTest
    void semaphoreWokenAndCancelled(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(0);
        Task<Void> a = guarded(trail, "a", () -> acquired(semaphore, trail, "a"));
        guarded(trail, "b", () -> acquired(semaphore, trail, "b"));
        Task<Void> c = guarded(trail, "c", () -> acquired(semaphore, trail, "c"));
        guarded(trail, "d", () -> acquired(semaphore, trail, "d"));
        ticks(trail, "m", 1);
        semaphore.release();
        semaphore.release();
        a.cancel();
        c.cancel();
        trail.mark(semaphore.available() + " " + semaphore.isLocked());
        ticks(trail, "n", 4);
        semaphore.release();
        ticks(trail, "o", 2);
        trail.mark(semaphore.available() + " " + semaphore.isLocked());
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "0 true",
                        "n0",
                        "a cancelled",
                        "b",
                        "c cancelled",
                        "n1",
                        "d",
                        "n2",
                        "n3",
                        "o0",
                        "o1",
                        "1 false");
    }

    private static void acquired(Semaphore semaphore, Trail trail, String name) {
        semaphore.acquire();
        trail.mark(name);
    }

    @LoopTest
    void semaphoreReleaserQueuesBehindTheWoken(Trail trail) {
        Semaphore semaphore = Semaphore.withPermits(1);
        for (String name : new String[] {"a", "b", "c"}) {
            Task.spawn(() -> {
                for (int i = 0; i < 2; i++) {
                    try (Hold permit = semaphore.acquire()) {
                        trail.mark(name + i);
                        yieldNow();
                    }
                }
            });
        }
        ticks(trail, "m", 13);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "a0", "m1", "m2", "b0", "m3", "m4", "c0", "m5", "m6", "a1", "m7", "m8", "b1", "m9", "m10",
                        "c1", "m11", "m12");
    }

    // ---- barriers

    @LoopTest
    void barrierTwoRounds(Trail trail) {
        Barrier barrier = Barrier.forParties(3);
        for (String name : new String[] {"a", "b", "c"}) {
            Task.spawn(() -> {
                trail.mark(name + " " + barrier.await());
                trail.mark(name + " " + barrier.await() + " again");
            });
        }
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "c 2", "m1", "a 0", "b 1", "m2", "a 2 again", "m3", "b 0 again", "c 1 again", "m4", "m5");
    }

    @LoopTest
    void barrierCancelledParty(Trail trail) {
        Barrier barrier = Barrier.forParties(4);
        Task<Void> a = guarded(trail, "a", () -> trail.mark("a " + barrier.await()));
        guarded(trail, "b", () -> trail.mark("b " + barrier.await()));
        guarded(trail, "c", () -> trail.mark("c " + barrier.await()));
        ticks(trail, "m", 1);
        a.cancel();
        ticks(trail, "n", 3);
        trail.mark("waiting " + barrier.waiting());
        Task.spawn(() -> trail.mark("d " + barrier.await()));
        Task.spawn(() -> trail.mark("e " + barrier.await()));
        ticks(trail, "o", 4);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "n0",
                        "a cancelled",
                        "n1",
                        "n2",
                        "waiting 2",
                        "o0",
                        "e 3",
                        "o1",
                        "c 2",
                        "b 1",
                        "d 2",
                        "o2",
                        "o3");
    }

    @LoopTest
    void barrierResetWhileItDrains(Trail trail) {
        Barrier barrier = Barrier.forParties(3);
        for (String name : new String[] {"a", "b", "c"}) {
            Task.spawn(() -> {
                try {
                    trail.mark(name + " " + barrier.await());
                    if (name.equals("c")) {
                        barrier.reset();
                        trail.mark("reset");
                    }
                    trail.mark(name + " " + barrier.await() + " again");
                } catch (BrokenBarrierException broken) {
                    trail.mark(name + " broken");
                }
            });
        }
        ticks(trail, "m", 5);
        Task.spawn(() -> {
            try {
                barrier.await();
            } catch (BrokenBarrierException broken) {
                trail.mark("d broken");
            }
        });
        ticks(trail, "n", 2);
        trail.mark("waiting " + barrier.waiting());
        barrier.abort();
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly(
                        "m0",
                        "c 2",
                        "reset",
                        "m1",
                        "a broken",
                        "b broken",
                        "m2",
                        "m3",
                        "m4",
                        "n0",
                        "n1",
                        "waiting 2",
                        "o0",
                        "c broken",
                        "d broken",
                        "o1");
    }

    // ---- queues

    @LoopTest
    void queueBoundedProducerAndConsumer(Trail trail) {
        Queue<Integer> queue = Queue.bounded(2);
        Task.spawn(() -> {
            for (int i = 0; i < 5; i++) {
                queue.put(i);
                trail.mark("put " + i);
            }
        });
        Task.spawn(() -> {
            for (int i = 0; i < 5; i++) {
                trail.mark("got " + queue.get());
            }
        });
        ticks(trail, "m", 6);
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "put 0", "put 1", "got 0", "got 1", "m1", "put 2", "put 3", "m2", "got 2", "got 3", "m3",
                        "put 4", "m4", "got 4", "m5");
    }

    @LoopTest
    void queueWokenGetterCancelled(Trail trail) {
        Queue<Integer> queue = Queue.unbounded();
        Task<Void> a = guarded(trail, "a", () -> trail.mark("a " + queue.get()));
        guarded(trail, "b", () -> trail.mark("b " + queue.get()));
        guarded(trail, "c", () -> trail.mark("c " + queue.get()));
        ticks(trail, "m", 1);
        queue.tryPut(1);
        a.cancel();
        ticks(trail, "n", 4);
        queue.tryPut(2);
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "a cancelled", "n1", "b 1", "n2", "n3", "o0", "c 2", "o1");
    }

    @LoopTest
    void queueWokenGetterComesTooLate(Trail trail) {
        Queue<Integer> queue = Queue.unbounded();
        Task.spawn(() -> trail.mark("a " + queue.get()));
        Task.spawn(() -> trail.mark("b " + queue.get()));
        ticks(trail, "m", 1);
        queue.tryPut(1);
        trail.mark("main " + queue.tryGet());
        ticks(trail, "n", 2);
        queue.tryPut(2);
        queue.tryPut(3);
        ticks(trail, "o", 3);
        assertThat(trail.marks())
                .as("the one that was woken in vain waits again, behind the other")
                .containsExactly("m0", "main 1", "n0", "n1", "o0", "b 2", "a 3", "o1", "o2");
    }

    @LoopTest
    void queueWokenPutterCancelled(Trail trail) {
        Queue<String> queue = Queue.bounded(1);
        queue.tryPut("0");
        Task<Void> a = guarded(trail, "a", () -> putAndMark(queue, trail, "a"));
        guarded(trail, "b", () -> putAndMark(queue, trail, "b"));
        guarded(trail, "c", () -> putAndMark(queue, trail, "c"));
        ticks(trail, "m", 1);
        trail.mark("got " + queue.tryGet());
        a.cancel();
        ticks(trail, "n", 3);
        trail.mark("got " + queue.tryGet());
        ticks(trail, "o", 2);
        trail.mark("got " + queue.tryGet());
        assertThat(trail.marks())
                .containsExactly(
                        "m0", "got 0", "n0", "a cancelled", "n1", "b put", "n2", "got b", "o0", "c put", "o1", "got c");
    }

    private static void putAndMark(Queue<String> queue, Trail trail, String item) {
        queue.put(item);
        trail.mark(item + " put");
    }

    private static VoidBody<RuntimeException> untilShutDown(Trail trail, String name, Runnable operation) {
        return () -> {
            try {
                operation.run();
                trail.mark(name);
            } catch (QueueShutDownException shutDown) {
                trail.mark(name + " shut down");
            }
        };
    }

    @LoopTest
    void queueShutDown(Trail trail) {
        Queue<Integer> queue = Queue.bounded(1);
        queue.tryPut(0);
        Task.spawn(untilShutDown(trail, "j", queue::join));
        Task.spawn(untilShutDown(trail, "p", () -> queue.put(1)));
        ticks(trail, "m", 1);
        queue.shutdown();
        ticks(trail, "n", 2);
        trail.mark("got " + queue.get());
        untilShutDown(trail, "g", queue::get).run();
        queue.taskDone();
        ticks(trail, "o", 2);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "p shut down", "n1", "got 0", "g shut down", "o0", "j", "o1");
    }

    @LoopTest
    void queueShutDownNow(Trail trail) {
        Queue<Integer> queue = Queue.bounded(2);
        Queue<Integer> empty = Queue.unbounded();
        queue.tryPut(0);
        queue.tryPut(1);
        Task.spawn(untilShutDown(trail, "p", () -> queue.put(2)));
        Task.spawn(untilShutDown(trail, "j", queue::join));
        Task.spawn(untilShutDown(trail, "k", queue::join));
        Task.spawn(untilShutDown(trail, "g", empty::get));
        Task.spawn(untilShutDown(trail, "h", empty::get));
        ticks(trail, "m", 1);
        assertThat(empty.shutdownNow()).isEmpty();
        assertThat(queue.shutdownNow()).containsExactly(0, 1);
        ticks(trail, "n", 3);
        assertThat(trail.marks())
                .containsExactly("m0", "n0", "g shut down", "h shut down", "j", "k", "p shut down", "n1", "n2");
    }

    // ---- between them

    @LoopTest
    void aPromiseAndALockHandOverAlike(Trail trail) {
        Promise<Void> promise = Promise.create();
        Lock lock = Lock.create();
        lock.acquire();
        Task.spawn(() -> {
            await(promise.future());
            trail.mark("promise");
        });
        Task.spawn(locked(lock, trail, "lock"));
        ticks(trail, "m", 1);
        promise.complete(null);
        lock.release();
        ticks(trail, "n", 2);
        assertThat(trail.marks()).containsExactly("m0", "n0", "promise", "lock", "n1");
    }
}
