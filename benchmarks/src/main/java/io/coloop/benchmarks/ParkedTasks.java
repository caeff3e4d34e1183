package io.coloop.benchmarks;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import io.coloop.sync.Queue;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What many waiting tasks cost in memory. Arguments: {@code coloop}, {@code queue} (tasks that wait in {@code Queue.get}), {@code virtual-threads} or {@code kotlinx}, and how many. Prints three numbers of
 * bytes: the live heap per task after a full collection, the process's resident set then, and at its peak.
 */
public final class ParkedTasks {
    private static final int MIB = 1 << 20;

    private ParkedTasks() {}

    /** Runs one kind in this JVM. */
    public static void main(String[] args) throws InterruptedException {
        int count = Integer.parseInt(args[1]);
        long before = liveHeap();
        Runnable look = () -> print(count, before);
        switch (args[0]) {
            case "coloop" -> coloop(count, look);
            case "queue" -> queue(count, look);
            case "virtual-threads" -> virtualThreads(count, look);
            case "kotlinx" -> new Coroutines().suspended(count, look);
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.exit(0); // without unwinding a million stacks
    }

    private static void coloop(int count, Runnable look) {
        Loop.run(() -> {
            Promise<Integer> gate = Loop.current().promise();
            int[] waiting = new int[1];
            for (int i = 0; i < count; i++) {
                Task.spawn(() -> {
                    waiting[0]++;
                    return await(gate.future());
                });
            }
            while (waiting[0] < count) {
                yieldNow();
            }
            look.run();
            System.exit(0);
        });
    }

    private static void queue(int count, Runnable look) {
        Loop.run(() -> {
            Queue<Integer> queue = Queue.unbounded();
            int[] waiting = new int[1];
            for (int i = 0; i < count; i++) {
                Task.spawn(() -> {
                    waiting[0]++;
                    return queue.get();
                });
            }
            while (waiting[0] < count) {
                yieldNow();
            }
            look.run();
            System.exit(0);
        });
    }

    private static void virtualThreads(int count, Runnable look) throws InterruptedException {
        CountDownLatch waiting = new CountDownLatch(count);
        Thread[] strong = new Thread[count];
        for (int i = 0; i < count; i++) {
            strong[i] = Thread.startVirtualThread(() -> {
                waiting.countDown();
                while (true) {
                    LockSupport.park();
                }
            });
        }
        waiting.await();
        look.run();
        Reference.reachabilityFence(strong);
    }

    private static void print(int count, long before) {
        long perTask = (liveHeap() - before) / count;
        System.out.println(perTask + " " + resident("VmRSS") / MIB + " " + resident("VmHWM") / MIB);
    }

    private static long liveHeap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long resident(String field) {
        try {
            Matcher line = Pattern.compile("(?m)^" + field + ":\\s+(\\d+) kB$")
                    .matcher(Files.readString(Path.of("/proc/self/status")));
            return line.find() ? Long.parseLong(line.group(1)) * 1024 : -1;
        } catch (IOException notLinux) {
            return -1;
        }
    }
}
