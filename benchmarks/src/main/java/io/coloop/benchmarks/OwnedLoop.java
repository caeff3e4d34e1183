package io.coloop.benchmarks;

import io.coloop.Loop;
import io.coloop.VoidBody;
import java.time.Duration;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A loop with a thread of its own, in the mode of this JVM. */
@State(Scope.Benchmark)
public class OwnedLoop {
    final Loop loop =
            Loop.builder().name("benchmark").slowItem(Duration.ofMinutes(1)).start();

    /** Runs a task to its end while the caller waits: one hop for many operations. */
    void run(VoidBody<?> body) {
        loop.spawn(body).join();
    }

    @TearDown
    public void close() {
        loop.close();
    }
}
