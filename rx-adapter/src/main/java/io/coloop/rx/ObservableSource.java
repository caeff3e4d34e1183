package io.coloop.rx;

import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Observable;
import java.util.Objects;
import java.util.concurrent.Flow;

/** An Observable as core's streams see it: with a strategy for what comes before it was asked for. */
final class ObservableSource<T> implements Flow.Publisher<T> {
    private final Observable<? extends T> observable;
    private final BackpressureStrategy strategy;
    private final Undelivered<? super T> undelivered;

    ObservableSource(
            Observable<? extends T> observable, BackpressureStrategy strategy, Undelivered<? super T> undelivered) {
        this.observable = Objects.requireNonNull(observable, "observable");
        this.strategy = Objects.requireNonNull(strategy, "strategy");
        this.undelivered = undelivered;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> to) {
        observable.subscribe(
                switch (strategy) {
                    case MISSING, DROP, ERROR -> new Overflow.Passing<T>(to, strategy, undelivered);
                    case BUFFER, LATEST -> new Overflow.Keeping<T>(to, strategy, undelivered);
                });
    }

    @Override
    public String toString() {
        return "Observable";
    }
}
