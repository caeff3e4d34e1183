package io.coloop.rx;

import io.coloop.stream.Iteration;
import io.reactivex.rxjava3.core.Flowable;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an iteration. */
@Test
public class IterationTckTest extends SubscriberTck {
    @Override
    void consume(Flowable<Integer> source) {
        try (Iteration<Integer> items = Rx.iterate(source, 4, left -> {})) {
            items.forEach(item -> {});
        }
    }
}
