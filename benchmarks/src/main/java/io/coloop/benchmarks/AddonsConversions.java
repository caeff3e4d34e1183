package io.coloop.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.infra.Blackhole;
import reactor.adapter.rxjava.RxJava3Adapter;

/** The conversions of reactor-addons; see {@link Conversions}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AddonsConversions {

    @Benchmark
    public void monoToSingle(Blackhole sink) {
        sink.consume(RxJava3Adapter.monoToSingle(Conversions.MONO).subscribe(sink::consume));
    }

    @Benchmark
    public void singleToMono(Blackhole sink) {
        sink.consume(RxJava3Adapter.singleToMono(Conversions.SINGLE).subscribe(sink::consume));
    }
}
