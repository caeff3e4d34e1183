package io.coloop.rx;

import io.reactivex.rxjava3.core.FlowableSubscriber;
import java.util.List;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** Asks for what it is told to ask for, and keeps the errors. */
class Plain implements Subscriber<Integer> {
    private final long demand;
    private final List<Throwable> errors;

    Plain(long demand, List<Throwable> errors) {
        this.demand = demand;
        this.errors = errors;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscription.request(demand);
    }

    @Override
    public void onNext(Integer item) {}

    @Override
    public void onError(Throwable failure) {
        errors.add(failure);
    }

    @Override
    public void onComplete() {}

    /** One that RxJava does not wrap. */
    static final class OfRx extends Plain implements FlowableSubscriber<Integer> {
        OfRx(long demand, List<Throwable> errors) {
            super(demand, errors);
        }
    }
}
