package io.coloop.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Body;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.Readiness;
import io.coloop.Report;
import io.coloop.VoidBody;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The two kinds of loops that do I/O: each runs a test's body and fails it for a descriptor, or a report, that it leaves. Real time: the kernel's is. */
public enum Where {
    OWNED {
        @Override
        <T> T runOn(LoopBuilder settings, Body<T, ?> body) throws Exception {
            Loop loop = settings.start();
            try {
                return result(loop, body);
            } finally {
                loop.close();
            }
        }
    },
    HOSTED {
        @Override
        <T> T runOn(LoopBuilder settings, Body<T, ?> body) throws Exception {
            ScheduledThreadPoolExecutor host = new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("host-", 1).factory());
            Loop loop = settings.on(host);
            try {
                return result(loop, body);
            } finally {
                loop.close();
                host.shutdownNow();
            }
        }
    };

    public static final long LIMIT_SECONDS = 20;

    private static final java.util.concurrent.atomic.AtomicBoolean WARM =
            new java.util.concurrent.atomic.AtomicBoolean();

    /** Opens what the process opens once. */
    private static void warmUp() throws Exception {
        if (WARM.compareAndSet(false, true)) {
            for (Where each : values()) {
                each.<Void>runOn(Loop.builder(), () -> {
                    Pipe pipe = Pipe.open();
                    try (Pipe.SinkChannel sink = pipe.sink();
                            Readiness source = Readiness.of(pipe.source())) {
                        sink.close();
                        source.await(java.nio.channels.SelectionKey.OP_READ);
                    }
                    return null;
                });
            }
        }
    }

    abstract <T> T runOn(LoopBuilder settings, Body<T, ?> body) throws Exception;

    /** Runs a body on a loop that must leave nothing and report nothing. */
    public void run(VoidBody<?> body) throws Exception {
        assertThat(runReporting(body)).isEmpty();
    }

    /** Runs a body on a loop that must leave no descriptor; returns what was reported. */
    public List<Report> runReporting(VoidBody<?> body) throws Exception {
        return runReporting(Loop.builder(), body);
    }

    /** The same on a loop with other settings. */
    public List<Report> runReporting(LoopBuilder settings, VoidBody<?> body) throws Exception {
        warmUp();
        CopyOnWriteArrayList<Report> reports = new CopyOnWriteArrayList<>();
        List<String> before = descriptors();
        this.<Void>runOn(
                settings.name("net")
                        .slowItem(Duration.ZERO /* a busy machine is slow */)
                        .exceptionHandler(reports::add),
                () -> {
                    body.run();
                    return null;
                });
        until(
                "the same descriptors: " + before + ", but " + descriptors(),
                () -> descriptors().size() <= before.size());
        return reports;
    }

    private static <T> T result(Loop loop, Body<T, ?> body) throws Exception {
        try {
            return loop.<T>spawn(body).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause();
            if (cause instanceof CompletionException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw cause instanceof Exception exception ? exception : failure;
        }
    }

    /** The sockets, pipes and selectors of this process that are open. A selector has an eventfd; what the JDK opens for its virtual threads as it likes has none. */
    static List<String> descriptors() {
        List<String> open = new java.util.ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path one : all) {
                try {
                    String what = Files.readSymbolicLink(one).toString();
                    if (what.startsWith("socket:") || what.startsWith("pipe:") || what.contains("eventfd")) {
                        open.add(what);
                    }
                } catch (IOException gone) {
                    // the listing's own
                }
            }
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return open;
    }

    public static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never: " + what);
            }
            Thread.onSpinWait();
        }
    }
}
