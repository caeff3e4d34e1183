package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.VirtualClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** The thread that a body runs on. */
class FiberTest {
    private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();
    private static final InheritableThreadLocal<String> INHERITABLE = new InheritableThreadLocal<>();

    // ---- thread locals, class loader, identity

    @LoopTest
    void threadLocalsStayWithTheTask(Loop loop) {
        List<Task<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            String own = "task " + i;
            tasks.add(Task.spawn(() -> {
                assertThat(LOCAL.get()).isNull();
                LOCAL.set(own);
                for (int turn = 0; turn < 20; turn++) {
                    yieldNow();
                    assertThat(LOCAL.get()).isEqualTo(own);
                }
                sleep(Duration.ofMillis(1));
                assertThat(LOCAL.get()).isEqualTo(own);
            }));
        }
        yieldNow();
        AtomicReference<String> onTheLoopThread = new AtomicReference<>("not seen");
        loop.callSoon(() -> onTheLoopThread.set(LOCAL.get()));
        for (Task<?> task : tasks) {
            await(task);
        }
        assertThat(onTheLoopThread.get()).isNull();
        assertThat(LOCAL.get()).isNull();
    }

    @LoopTest
    void aCallbacksThreadLocalsDoNotReachATask(Loop loop) {
        loop.callSoon(() -> LOCAL.set("loop thread"));
        yieldNow();
        assertThat(LOCAL.get()).isNull();
        assertThat(await(Task.spawn(LOCAL::get))).isNull();
    }

    @LoopTest
    void inheritableThreadLocalsAreNotInherited() {
        INHERITABLE.set("parent");
        Task<String> child = Task.spawn(() -> {
            String inherited = INHERITABLE.get();
            INHERITABLE.set("child");
            yieldNow();
            return inherited;
        });
        assertThat(await(child)).isNull();
        assertThat(INHERITABLE.get()).isEqualTo("parent");
    }

    @LoopTest
    void blockingJobsInheritNoThreadLocals() {
        INHERITABLE.set("somebody's");
        try {
            assertThat(Await.<String>blocking(INHERITABLE::get)).isNull();
        } finally {
            INHERITABLE.remove();
        }
    }

    @LoopTest
    void blockingJobsHaveTheCallersContextClassLoader() throws IOException {
        Thread self = Thread.currentThread();
        ClassLoader before = self.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[0], before)) {
            self.setContextClassLoader(loader);
            assertThat(Await.blocking(() -> Thread.currentThread().getContextClassLoader()))
                    .isSameAs(loader);
        } finally {
            self.setContextClassLoader(before);
        }
        assertThat(Await.blocking(() -> Thread.currentThread().getContextClassLoader()))
                .isSameAs(before);
    }

    @LoopTest(foreignThreads = true)
    void theContextClassLoaderIsTheSpawners(Loop loop) throws IOException {
        try (URLClassLoader loader = new URLClassLoader(new URL[0], FiberTest.class.getClassLoader())) {
            Thread self = Thread.currentThread();
            ClassLoader before = self.getContextClassLoader();
            self.setContextClassLoader(loader);
            Task<ClassLoader> fromHere = Task.spawn(() -> Thread.currentThread().getContextClassLoader());
            self.setContextClassLoader(before);
            AtomicReference<Task<ClassLoader>> fromOutside = new AtomicReference<>();
            Real.onOtherThread(() -> {
                Thread.currentThread().setContextClassLoader(loader);
                fromOutside.set(loop.spawn(() -> {
                    yieldNow();
                    return Thread.currentThread().getContextClassLoader();
                }));
            });
            assertThat(await(fromHere)).isSameAs(loader);
            assertThat(await(fromOutside.get())).isSameAs(loader);
            assertThat(await(Task.spawn(() -> Thread.currentThread().getContextClassLoader())))
                    .isSameAs(before);
        }
    }

    @LoopTest
    void aBodyHasOneVirtualThreadFromBeginToEnd(Loop loop) {
        Task<Thread> task = loop.spawn("named", () -> {
            Thread thread = Thread.currentThread();
            assertThat(thread.isVirtual()).isTrue();
            assertThat(thread.getName()).isEqualTo("named");
            for (int i = 0; i < 20; i++) {
                yieldNow();
                assertThat(Thread.currentThread()).isSameAs(thread);
            }
            sleep(Duration.ofMillis(1));
            assertThat(Thread.currentThread()).isSameAs(thread);
            return thread;
        });
        assertThat(await(task)).isNotSameAs(Thread.currentThread());
        assertThat(await(Task.spawn(() -> Thread.currentThread().getName())))
                .isEqualTo(Loop.current().name());
    }

    // ---- interrupts

    @LoopTest
    void anInterruptBeforeAnAwaitIsKeptForAfterwards(Loop loop, VirtualClock clock) {
        Thread self = Thread.currentThread();
        self.interrupt();
        long before = loop.turnCount();
        yieldNow();
        assertThat(loop.turnCount()).isEqualTo(before + 1);
        assertThat(self.isInterrupted()).isTrue();
        sleep(Duration.ofSeconds(1));
        assertThat(clock.elapsed()).isEqualTo(Duration.ofSeconds(1));
        assertThat(self.isInterrupted()).isTrue();
        await((Awaitable<String>) promise -> {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("the loop's thread")
                    .isFalse();
            loop.callSoon(() -> promise.complete(""));
        });
        assertThat(Thread.interrupted()).isTrue();
        yieldNow();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @LoopTest(foreignThreads = true)
    void anInterruptFromOutsideNeitherWakesNorCancels(Loop loop) {
        Promise<String> promise = Promise.create();
        AtomicReference<Thread> thread = new AtomicReference<>();
        AtomicBoolean resumed = new AtomicBoolean();
        Task<Boolean> task = Task.spawn(() -> {
            thread.set(Thread.currentThread());
            await(promise.future());
            resumed.set(true);
            return Thread.interrupted();
        });
        yieldNow();
        for (int i = 0; i < 100; i++) {
            Real.onOtherThread(() -> thread.get().interrupt());
            yieldNow();
        }
        assertThat(resumed).isFalse();
        assertThat(task.isDone()).isFalse();
        assertThat(task.cancelling()).isZero();
        promise.complete("value");
        assertThat(await(task)).as("the flag is set on return").isTrue();
    }

    // ---- stray unparks and samplers

    @LoopTest(foreignThreads = true)
    void strayUnparksWakeNobodyEarly(Loop loop) {
        int tasks = 20;
        int rounds = 300;
        List<Thread> threads = new ArrayList<>();
        List<Promise<Integer>> gates = new ArrayList<>();
        List<Task<Void>> waiting = new ArrayList<>();
        int[] round = {0};
        for (int i = 0; i < tasks; i++) {
            gates.add(Promise.create());
        }
        for (int i = 0; i < tasks; i++) {
            int number = i;
            waiting.add(Task.spawn(() -> {
                threads.add(Thread.currentThread());
                while (round[0] < rounds) {
                    int value = await(gates.get(number).future());
                    assertThat(value).isBetween(1, round[0]); // the JDK may hold a woken task for some rounds
                    yieldNow();
                }
            }));
        }
        yieldNow();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> targets = List.copyOf(threads);
        Real.Other storm = Real.start(() -> {
            while (!stop.get()) {
                targets.forEach(LockSupport::unpark);
            }
        });
        LockSupport.unpark(Thread.currentThread()); // a running task's permit
        while (round[0] < rounds) {
            for (int i = 0; i < 3; i++) {
                yieldNow();
            }
            round[0]++;
            List<Promise<Integer>> open = List.copyOf(gates);
            for (int i = 0; i < tasks; i++) {
                gates.set(i, Promise.create());
            }
            for (Promise<Integer> gate : open) {
                gate.complete(round[0]);
            }
            yieldNow();
            yieldNow();
        }
        for (Task<Void> task : waiting) {
            await(task);
        }
        stop.set(true);
        Real.join(storm);
    }

    @LoopTest(foreignThreads = true)
    void aSamplerOfStacksLosesNothing(Loop loop) {
        int tasks = 50;
        int rounds = 200;
        List<Thread> threads = new ArrayList<>();
        List<Task<Integer>> yielding = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            yielding.add(Task.spawn(() -> {
                threads.add(Thread.currentThread());
                int count = 0;
                for (int round = 0; round < rounds; round++) {
                    yieldNow();
                    count += await(Task.spawn(() -> 1));
                    if (round % 10 == 0) {
                        sleep(Duration.ofNanos(1));
                    }
                }
                return count;
            }));
        }
        yieldNow();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> targets = List.copyOf(threads);
        Real.Other sampler = Real.start(() -> {
            while (!stop.get()) {
                targets.forEach(Thread::getStackTrace);
            }
        });
        for (Task<Integer> task : yielding) {
            assertThat(await(task)).isEqualTo(rounds);
        }
        stop.set(true);
        Real.join(sampler);
    }

    private static void awaitHere(Future<?> future) {
        await(future);
    }

    @LoopTest
    void aParkedTasksStackShowsWhereItAwaits() {
        Promise<String> promise = Promise.create();
        AtomicReference<Thread> thread = new AtomicReference<>();
        Task<Void> task = Task.spawn(() -> {
            thread.set(Thread.currentThread());
            awaitHere(promise.future());
        });
        yieldNow();
        assertThat(thread.get().getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(FiberTest.class.getName())
                        && frame.getMethodName().equals("awaitHere"));
        promise.complete("");
        await(task);
    }

    // ---- what a body may call

    @LoopTest(foreignThreads = true)
    void threadsStartedInABodyRunWhileItBlocksForThem() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<java.util.concurrent.Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int number = i;
                results.add(executor.submit(() -> {
                    assertThat(Loop.currentOrNull()).isNull();
                    Thread.sleep(1);
                    return number;
                }));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(results.get(i).get(Real.LIMIT_SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(i);
            }
        }
        yieldNow();
        Thread heir = Thread.ofVirtual().start(() -> LockSupport.parkNanos(1_000));
        heir.join();
    }

    @LoopTest(foreignThreads = true)
    void aThreadStartedInABodyOutlivesIt() {
        CountDownLatch mayEnd = new CountDownLatch(1);
        Thread heir = await(Task.spawn(() -> Thread.ofVirtual().start(() -> Real.await(mayEnd))));
        yieldNow();
        mayEnd.countDown();
        Real.until("the heir ends", () -> !heir.isAlive());
    }

    @LoopTest(foreignThreads = true)
    void theJvmsOwnSocketsWorkInABody() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Real.LIMIT_SECONDS));
            Real.Other peer = Real.start(() -> {
                try (Socket accepted = server.accept()) {
                    Thread.yield();
                    accepted.getOutputStream().write("hello".getBytes(java.nio.charset.StandardCharsets.UTF_8));
                }
            });
            try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Real.LIMIT_SECONDS));
                byte[] read = socket.getInputStream().readAllBytes();
                assertThat(new String(read, java.nio.charset.StandardCharsets.UTF_8))
                        .isEqualTo("hello");
            }
            Real.join(peer);
        }
        yieldNow();
    }

    private static int deep(int depth) {
        if (depth == 0) {
            yieldNow();
            return 0;
        }
        return deep(depth - 1) + 1;
    }

    @LoopTest
    void anAwaitDeepInTheStack() {
        assertThat(deep(2_000)).isEqualTo(2_000);
        Task<Integer> other = Task.spawn(() -> deep(1_000));
        assertThat(deep(1_000)).isEqualTo(1_000);
        assertThat(await(other)).isEqualTo(1_000);
    }

    @LoopTest
    void manyTasksStartAndEndWithoutAnAwait(Loop loop) {
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            int number = i;
            tasks.add(Task.spawn(() -> number));
        }
        for (int i = 0; i < 5_000; i++) {
            assertThat(await(tasks.get(i))).isEqualTo(i);
        }
        assertThat(loop.taskCount()).isEqualTo(1);
    }

    @LoopTest
    void anAwaitWhileHoldingALock() {
        ReentrantLock lock = new ReentrantLock();
        Task<Void> task = Task.spawn(() -> {
            lock.lock();
            try {
                sleep(Duration.ofMillis(1));
                assertThat(lock.isHeldByCurrentThread()).isTrue();
            } finally {
                lock.unlock();
            }
        });
        yieldNow();
        assertThat(lock.isLocked()).isTrue();
        await(task);
        assertThat(lock.isLocked()).isFalse();
    }

    @LoopTest
    @org.junit.jupiter.api.condition.EnabledForJreRange(min = org.junit.jupiter.api.condition.JRE.JAVA_24)
    void anAwaitWhileHoldingAMonitor() {
        Object monitor = new Object();
        Task<Void> task = Task.spawn(() -> {
            synchronized (monitor) {
                sleep(Duration.ofMillis(1));
                assertThat(Thread.holdsLock(monitor)).isTrue();
                yieldNow();
            }
            assertThat(Thread.holdsLock(monitor)).isFalse();
        });
        yieldNow();
        assertThat(Thread.holdsLock(monitor)).isFalse();
        await(task);
        synchronized (monitor) {
            yieldNow();
        }
    }

    @LoopTest
    void aBodysFailureNamesItsLine() {
        assertThatThrownBy(() -> await(Task.spawn(() -> {
                    yieldNow();
                    throw new IllegalStateException("expected");
                })))
                .satisfies(failure -> assertThat(Arrays.stream(failure.getStackTrace())
                                .map(StackTraceElement::getMethodName)
                                .toList()
                                .get(0))
                        .contains("aBodysFailureNamesItsLine"));
    }
}
