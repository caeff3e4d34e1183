package io.coloop.benchmarks;

import io.coloop.rx.ReactorRx;
import io.reactivex.rxjava3.core.Single;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.infra.Blackhole;
import reactor.core.publisher.Mono;

/** A Mono as a Single and the other way round, subscribed: no loop takes part. {@link AddonsConversions} does the same. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Conversions {
    static final Mono<Integer> MONO = Mono.fromSupplier(() -> 1);
    static final Single<Integer> SINGLE = Single.fromSupplier(() -> 1);

    @Benchmark
    public void monoToSingle(Blackhole sink) {
        sink.consume(ReactorRx.single(MONO).subscribe(sink::consume));
    }

    @Benchmark
    public void singleToMono(Blackhole sink) {
        sink.consume(ReactorRx.mono(SINGLE).subscribe(sink::consume));
    }
}
