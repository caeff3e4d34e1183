package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;

import io.coloop.internal.jdk.SignalReaction;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program that {@link SigintTest} starts and sends SIGINT to. What it prints is what the test looks at. */
final class SigintMain {
    private SigintMain() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "first" -> first();
            case "second" -> second();
            case "held" -> held();
            case "closing" -> closing();
            case "restored" -> restored();
            case "nested" -> nested();
            case "replaced" -> replaced();
            case "impossible" -> impossible();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.out.println("end");
    }

    private static void print(String line) {
        System.out.println(line);
    }

    private static LoopBuilder builder() {
        return Loop.builder()
                .name("main-loop")
                .slowItem(Duration.ZERO)
                .handleSigint(true)
                .exceptionHandler(report -> print(report.kind() + ": " + report.message()));
    }

    private static void run(VoidBody<RuntimeException> body) {
        try {
            builder().run(body);
            print("returned");
        } catch (TaskCancelledException cancelled) {
            print("cancelled: " + cancelled.getMessage());
            for (Throwable suppressed : cancelled.getSuppressed()) {
                print("suppressed: " + suppressed);
            }
        }
    }

    private static void readyAndWait() {
        Loop.current().callSoon(() -> print("ready"));
        await(Promise.<Void>create().future());
    }

    private static void first() {
        run(() -> {
            try {
                readyAndWait();
            } finally {
                sleep(Duration.ofMillis(1));
                print("cleaned up");
            }
        });
    }

    private static void second() {
        run(() -> {
            Loop.current().onClose(new VoidBody<RuntimeException>() {
                @Override
                public void run() {
                    print("closed");
                }

                @Override
                public String toString() {
                    return "of the test";
                }
            });
            while (true) {
                try {
                    readyAndWait();
                } catch (TaskCancelledException ignored) {
                    print("ignored");
                }
            }
        });
    }

    private static void held() {
        run(() -> {
            Interrupts.PROCESS.add(
                    new Runnable() { // runs after the loop's own, which was added before
                        @Override
                        public void run() {
                            Interrupts.PROCESS.remove(this);
                            print("signalled");
                        }
                    });
            print("ready");
            while (true) {
                Thread.onSpinWait();
            }
        });
    }

    private static void closing() {
        run(() -> {
            Task.spawn(() -> {
                try {
                    await(Promise.<Void>create().future());
                } finally {
                    readyAndWait();
                }
            });
            yieldNow();
            throw new IllegalStateException("expected");
        });
    }

    private static void restored() throws InterruptedException {
        CountDownLatch former = new CountDownLatch(1);
        SignalReaction.install("INT", () -> {
            print("former reaction");
            former.countDown();
            return true;
        });
        run(() -> {});
        try {
            builder().run(() -> {
                throw new IllegalStateException("expected");
            });
        } catch (IllegalStateException expected) {
            print("ready");
        }
        print(former.await(20, TimeUnit.SECONDS) ? "restored" : "lost");
    }

    /** Two that overlap, and the one that installed the reaction is over first. */
    private static void nested() throws InterruptedException {
        CountDownLatch bothRun = new CountDownLatch(1);
        CountDownLatch firstIsOver = new CountDownLatch(1);
        Thread second = Thread.ofPlatform()
                .unstarted(() -> run(() -> {
                    bothRun.countDown();
                    Real.await(firstIsOver);
                    readyAndWait();
                }));
        run(() -> {
            second.start();
            Real.await(bothRun);
        });
        firstIsOver.countDown();
        second.join();
        print("ready");
        Thread.sleep(TimeUnit.SECONDS.toMillis(20)); // ended by the process's own reaction
    }

    private static void replaced() throws InterruptedException {
        CountDownLatch own = new CountDownLatch(1);
        run(() -> SignalReaction.install("INT", () -> {
            own.countDown();
            return true;
        }));
        print("ready");
        print(own.await(20, TimeUnit.SECONDS) ? "kept" : "lost");
    }

    private static void impossible() {
        try {
            run(() -> print("ran"));
        } catch (UnsupportedOperationException refused) {
            print(refused.getMessage());
        }
        Loop.run(() -> print("ran without"));
    }
}
