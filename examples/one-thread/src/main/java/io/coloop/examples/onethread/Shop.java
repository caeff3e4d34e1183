package io.coloop.examples.onethread;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.rx.Rx.await;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.examples.onethread.Timeline.Lane;
import io.coloop.rx.Rx;
import io.reactivex.rxjava3.core.Scheduler;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

/** What the server does for a request, in await style. Its methods are task bodies. */
final class Shop {
    /** An answer to the browser. */
    record Reply(int status, String body) {}

    /** The service that this one calls answered with an error. */
    static final class DownstreamException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DownstreamException(int status) {
            super("the price service answered " + status);
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Loop loop;
    private final HttpClient client;
    private final Executor otherThreads;
    private final Scheduler rxScheduler;
    private final Witness witness;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final CompletableFuture<Boolean> slowPriceStarted = new CompletableFuture<>();
    private final CompletableFuture<String> pageCancelled = new CompletableFuture<>();
    private final CompletableFuture<String> priceCancelled = new CompletableFuture<>();

    Shop(Loop loop, HttpClient client, Executor otherThreads, Witness witness) {
        this.loop = loop;
        this.client = client;
        this.otherThreads = otherThreads;
        this.rxScheduler = Rx.scheduler(loop);
        this.witness = witness;
    }

    /** The page: five sources, all awaited here. */
    Reply page(String priceUri) {
        Timeline timeline = new Timeline(witness);
        int others = inFlight.getAndIncrement();
        timeline.run(Lane.JAVA, "begin", () -> "");
        Task<String> price = Task.spawn(
                () -> timeline.await(Lane.REACTOR, "GET " + priceUri, () -> await(price(priceUri, timeline))));
        Task<String> stock = Task.spawn(() -> timeline.await(Lane.RX, "Single.timer", () -> await(stock(timeline))));
        try {
            String advice = timeline.await(
                    Lane.KOTLIN,
                    "suspend, delay",
                    () -> await(Recommendations.recommendOn(
                            loop, () -> timeline.run(Lane.KOTLIN, "recommend", () -> "goes well with tea"))));
            String rating = timeline.await(Lane.FUTURE, "completed elsewhere", () -> await(rating()));
            timeline.run(Lane.FUTURE, "resumed", () -> rating);
            timeline.await(Lane.TIMER, "sleep", () -> {
                sleep(Duration.ofMillis(8));
                return "";
            });
            timeline.run(Lane.TIMER, "fired", () -> "");
            String costs = timeline.await(Lane.JAVA, "await the tasks", () -> await(price) + ", " + await(stock));
            String facts = timeline.run(Lane.JAVA, "compose", () -> costs + ", " + rating + ", " + advice);
            return witness.watch(() -> new Reply(200, Page.html(facts, others, timeline)));
        } catch (DownstreamException failed) {
            return new Reply(502, Page.error("No price today", String.valueOf(failed.getMessage())));
        } catch (TaskCancelledException cancelled) {
            pageCancelled.complete(cancelled.getMessage());
            throw cancelled;
        } finally {
            price.cancel(); // a task owns what it awaits, not what it spawned: these may not have been awaited yet
            stock.cancel();
            inFlight.decrementAndGet();
        }
    }

    /** The second route, which the page calls over a real socket. */
    Reply price(Duration thinking) {
        if (thinking.compareTo(PATIENCE) > 0) {
            slowPriceStarted.complete(true);
        }
        try {
            sleep(thinking);
            return new Reply(200, witness.watch(() -> "4.20 EUR"));
        } catch (TaskCancelledException cancelled) {
            priceCancelled.complete(cancelled.getMessage());
            throw cancelled;
        }
    }

    private Mono<String> price(String uri, Timeline timeline) {
        return client.get()
                .uri(uri)
                .responseSingle((response, body) -> response.status().code() == 200
                        ? body.asString()
                        : Mono.error(new DownstreamException(response.status().code())))
                .map(price -> timeline.run(Lane.REACTOR, "map", () -> "costs " + price));
    }

    private Single<String> stock(Timeline timeline) {
        return Single.timer(18, TimeUnit.MILLISECONDS, rxScheduler)
                .map(ignored -> timeline.run(Lane.RX, "map", () -> "7 in stock"));
    }

    private CompletableFuture<String> rating() {
        return CompletableFuture.supplyAsync(
                () -> "rated 4.5", CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS, otherThreads));
    }

    /** Completed when somebody asked for a price that takes long. */
    CompletableFuture<Boolean> slowPriceStarted() {
        return slowPriceStarted;
    }

    /** Completed when a page's task was cancelled. */
    CompletableFuture<String> pageCancelled() {
        return pageCancelled;
    }

    /** Completed when a price's task was cancelled. */
    CompletableFuture<String> priceCancelled() {
        return priceCancelled;
    }
}
