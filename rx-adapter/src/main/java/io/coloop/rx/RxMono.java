package io.coloop.rx;

import io.reactivex.rxjava3.core.CompletableObserver;
import io.reactivex.rxjava3.core.MaybeObserver;
import io.reactivex.rxjava3.core.SingleObserver;
import io.reactivex.rxjava3.disposables.Disposable;
import io.reactivex.rxjava3.exceptions.ProtocolViolationException;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** A Mono of a Single, Maybe or Completable. */
final class RxMono<T> extends Mono<T> {
    private final Object source;
    private final Consumer<Delivery<T>> subscribe;

    private RxMono(Object source, Consumer<Delivery<T>> subscribe) {
        this.source = source;
        this.subscribe = subscribe;
    }

    /**
     * @param subscribe subscribes the delivery to the source
     */
    static <T> Mono<T> of(Object source, Consumer<Delivery<T>> subscribe) {
        return onAssembly(new RxMono<>(source, subscribe));
    }

    Object source() {
        return source;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> to) {
        subscribe.accept(new Delivery<>(to));
    }

    /** Brings the value to one subscriber once it has asked for it. Itself the state, so that it is the only object. */
    @SuppressWarnings("serial") // nobody serializes it
    static final class Delivery<T> extends AtomicReference<@Nullable Object>
            implements SingleObserver<T>, MaybeObserver<T>, CompletableObserver, Subscription {
        /*
         *   null -> ASKED_FOR -> OVER      null -> the value -> OVER      null -> OVER
         *
         * Whoever sets OVER has the value, and the subscriber.
         */
        private static final Object ASKED_FOR = new Object();
        private static final Object OVER = new Object();

        private final CoreSubscriber<? super T> to;
        private @Nullable Disposable from; // set before the subscriber can ask or cancel

        Delivery(CoreSubscriber<? super T> to) {
            this.to = to;
        }

        @Override
        public void onSubscribe(Disposable given) {
            if (from != null) {
                given.dispose();
                RxJavaPlugins.onError(new ProtocolViolationException("an RxJava source called onSubscribe twice"));
                return;
            }
            from = given;
            to.onSubscribe(this);
        }

        @Override
        public void onSuccess(T value) {
            if (value == null) {
                onError(new NullPointerException("an RxJava source's value must not be null"));
                return;
            }
            Object state = get();
            if (state == null) {
                state = compareAndExchange(null, value);
                if (state == null) {
                    return;
                }
            }
            if (state == ASKED_FOR && compareAndSet(ASKED_FOR, OVER)) {
                deliver(value);
            } else {
                Discarded.value(value, to.currentContext());
            }
        }

        private void deliver(T value) {
            to.onNext(value);
            to.onComplete();
        }

        @Override
        public void onError(Throwable failure) {
            if (end()) {
                to.onError(failure);
            } else {
                Discarded.errorOfRx(failure);
            }
        }

        @Override
        public void onComplete() {
            if (end()) {
                to.onComplete();
            }
        }

        /** Without a value; false if there is one, or it was over. */
        private boolean end() {
            return compareAndSet(null, OVER) || compareAndSet(ASKED_FOR, OVER);
        }

        @Override
        @SuppressWarnings("unchecked") // the only other thing there is
        public void request(long n) {
            if (!Operators.validate(n) || compareAndSet(null, ASKED_FOR)) {
                return;
            }
            Object state = get();
            if (state != null && state != ASKED_FOR && state != OVER && compareAndSet(state, OVER)) {
                deliver((T) state);
            }
        }

        @Override
        public void cancel() {
            Object state = getAndSet(OVER);
            if (state == OVER) {
                return;
            }
            Objects.requireNonNull(from).dispose();
            if (state != null && state != ASKED_FOR) {
                Discarded.value(state, to.currentContext());
            }
        }
    }
}
