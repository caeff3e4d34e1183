package io.coloop.benchmarks;

import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What one benchmark gave once.
 *
 * @param name where it ran, its class and method, and its parameters: {@code mounted RoundTrip.pingPong}
 * @param nanos per operation: the median of the iterations
 * @param bytes allocated per operation
 */
record Figure(String name, double nanos, double bytes) {
    static Figure of(String label, RunResult result) {
        BenchmarkParams params = result.getParams();
        String[] path = params.getBenchmark().split("\\.");
        String parameters = params.getParamsKeys().stream()
                .map(key -> " " + params.getParam(key))
                .collect(Collectors.joining());
        Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
        return new Figure(
                label + " " + path[path.length - 2] + "." + path[path.length - 1] + parameters,
                result.getPrimaryResult().getStatistics().getPercentile(50),
                allocated == null ? Double.NaN : allocated.getScore());
    }
}
