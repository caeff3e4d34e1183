package io.coloop.examples.onethread;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Many requests at once, from a client that knows nothing of coloop. */
final class Load {
    /** How they went; times in milliseconds. */
    record Result(int requests, long errors, double p50, double p99) {}

    private record Answer(boolean good, double millis) {}

    private Load() {}

    static Result run(String address, int requests) {
        try (HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(20))
                .build()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/"))
                    .timeout(Duration.ofSeconds(30))
                    .build();
            var answers = IntStream.range(0, requests)
                    .mapToObj(ignored -> send(client, request))
                    .toList();
            Answer[] all = answers.stream().map(CompletableFuture::join).toArray(Answer[]::new);
            double[] millis =
                    Arrays.stream(all).mapToDouble(Answer::millis).sorted().toArray();
            long errors = Arrays.stream(all).filter(answer -> !answer.good).count();
            return new Result(requests, errors, percentile(millis, 0.50), percentile(millis, 0.99));
        }
    }

    private static CompletableFuture<Answer> send(HttpClient client, HttpRequest request) {
        long start = System.nanoTime();
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).handle((response, failure) -> {
            boolean good = failure == null
                    && response.statusCode() == 200
                    && response.body().contains("</svg>");
            return new Answer(good, (System.nanoTime() - start) / 1e6);
        });
    }

    private static double percentile(double[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
    }
}
