package io.coloop.rx;

import io.reactivex.rxjava3.core.Flowable;
import org.testng.annotations.Test;

/** The Reactive Streams TCK for the subscriber of an await of the first item. */
@Test
public class AwaitFirstTckTest extends SubscriberTck {
    @Override
    void consume(Flowable<Integer> source) {
        Rx.awaitFirst(source);
    }
}
