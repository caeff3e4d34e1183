package io.coloop.measuring;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;

/** What a process uses of the processors: to the nanosecond on Linux, else to the tick of the system's clock. */
public final class ProcessorTime {
    private static final boolean TASKS = Files.exists(Path.of("/proc/self/schedstat"));

    private ProcessorTime() {}

    /** That of all its threads which are alive. */
    public static Duration of(Process process) throws IOException {
        return TASKS
                ? sum(process, name -> true)
                : process.info().totalCpuDuration().orElseThrow();
    }

    /** That of a JVM's threads that compile; zero where the system does not tell. */
    public static Duration ofCompilers(Process process) throws IOException {
        return TASKS ? sum(process, name -> name.startsWith("C1 Comp") || name.startsWith("C2 Comp")) : Duration.ZERO;
    }

    private static Duration sum(Process process, Predicate<String> named) throws IOException {
        long nanos = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path thread : threads) {
                try {
                    if (named.test(Files.readString(thread.resolve("comm")))) {
                        nanos += Long.parseLong(
                                Files.readString(thread.resolve("schedstat")).split(" ")[0]);
                    }
                } catch (IOException ended) {
                    // since the directory was read
                }
            }
        }
        return Duration.ofNanos(nanos);
    }
}
