package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an await of the only item. */
@Test
public class AwaitTckTest extends SubscriberTck {
    @Override
    void consume(Flowable<Integer> source) {
        Rx.await(source);
    }
}
