package io.coloop.reactor;

import org.reactivestreams.Publisher;
import org.testng.annotations.Test;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** The Reactive Streams TCK for the subscriber of {@code await(mono)}. */
@Test
public class AwaitMonoTckTest extends SubscriberTck {
    @Override
    void consume(Publisher<Integer> source) {
        Mono<Integer> direct = new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Integer> actual) {
                source.subscribe(actual);
            }
        };
        Reactor.await(direct, left -> {});
    }
}
