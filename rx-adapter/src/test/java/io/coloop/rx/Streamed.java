package io.coloop.rx;

import io.coloop.Future;
import io.coloop.stream.Iteration;
import io.reactivex.rxjava3.core.BackpressureStrategy;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Observable;
import java.util.Optional;
import java.util.function.Consumer;

/** A Flowable or an Observable, so that one test covers both. */
interface Streamed<T> {
    T await();

    T await(Consumer<T> onUndelivered);

    T awaitRequired();

    T awaitRequired(Consumer<T> onUndelivered);

    Optional<T> awaitOptional();

    Optional<T> awaitOptional(Consumer<T> onUndelivered);

    T awaitFirst();

    T awaitFirst(Consumer<T> onUndelivered);

    T awaitLast();

    T awaitLast(Consumer<T> onUndelivered);

    Future<T> future();

    Future<T> future(Consumer<T> onUndelivered);

    Iteration<T> iterate();

    Iteration<T> iterate(int prefetch);

    Iteration<T> iterate(int prefetch, Consumer<T> onUndelivered);

    static <T> Streamed<T> of(Flowable<T> flowable) {
        return new OfFlowable<>(flowable);
    }

    static <T> Streamed<T> of(Observable<T> observable) {
        return new OfObservable<>(observable);
    }

    /** The ways to take one item of it, each of which waits for its end but FIRST. */
    enum Pick {
        ONLY {
            @Override
            <T> T await(Streamed<T> stream) {
                return stream.await();
            }

            @Override
            <T> T await(Streamed<T> stream, Consumer<T> onUndelivered) {
                return stream.await(onUndelivered);
            }
        },
        REQUIRED {
            @Override
            <T> T await(Streamed<T> stream) {
                return stream.awaitRequired();
            }

            @Override
            <T> T await(Streamed<T> stream, Consumer<T> onUndelivered) {
                return stream.awaitRequired(onUndelivered);
            }
        },
        OPTIONAL {
            @Override
            <T> T await(Streamed<T> stream) {
                return stream.awaitOptional().orElse(null);
            }

            @Override
            <T> T await(Streamed<T> stream, Consumer<T> onUndelivered) {
                return stream.awaitOptional(onUndelivered).orElse(null);
            }
        },
        FIRST {
            @Override
            <T> T await(Streamed<T> stream) {
                return stream.awaitFirst();
            }

            @Override
            <T> T await(Streamed<T> stream, Consumer<T> onUndelivered) {
                return stream.awaitFirst(onUndelivered);
            }
        },
        LAST {
            @Override
            <T> T await(Streamed<T> stream) {
                return stream.awaitLast();
            }

            @Override
            <T> T await(Streamed<T> stream, Consumer<T> onUndelivered) {
                return stream.awaitLast(onUndelivered);
            }
        };

        abstract <T> T await(Streamed<T> stream);

        abstract <T> T await(Streamed<T> stream, Consumer<T> onUndelivered);
    }

    /** See {@link Streamed#of(Flowable)}. */
    record OfFlowable<T>(Flowable<T> source) implements Streamed<T> {
        @Override
        public T await() {
            return Rx.await(source);
        }

        @Override
        public T await(Consumer<T> onUndelivered) {
            return Rx.await(source, onUndelivered);
        }

        @Override
        public T awaitRequired() {
            return Rx.awaitRequired(source);
        }

        @Override
        public T awaitRequired(Consumer<T> onUndelivered) {
            return Rx.awaitRequired(source, onUndelivered);
        }

        @Override
        public Optional<T> awaitOptional() {
            return Rx.awaitOptional(source);
        }

        @Override
        public Optional<T> awaitOptional(Consumer<T> onUndelivered) {
            return Rx.awaitOptional(source, onUndelivered);
        }

        @Override
        public T awaitFirst() {
            return Rx.awaitFirst(source);
        }

        @Override
        public T awaitFirst(Consumer<T> onUndelivered) {
            return Rx.awaitFirst(source, onUndelivered);
        }

        @Override
        public T awaitLast() {
            return Rx.awaitLast(source);
        }

        @Override
        public T awaitLast(Consumer<T> onUndelivered) {
            return Rx.awaitLast(source, onUndelivered);
        }

        @Override
        public Future<T> future() {
            return Rx.future(source);
        }

        @Override
        public Future<T> future(Consumer<T> onUndelivered) {
            return Rx.future(source, onUndelivered);
        }

        @Override
        public Iteration<T> iterate() {
            return Rx.iterate(source);
        }

        @Override
        public Iteration<T> iterate(int prefetch) {
            return Rx.iterate(source, prefetch);
        }

        @Override
        public Iteration<T> iterate(int prefetch, Consumer<T> onUndelivered) {
            return Rx.iterate(source, prefetch, onUndelivered);
        }
    }

    /** See {@link Streamed#of(Observable)}; what is too much waits. */
    record OfObservable<T>(Observable<T> source) implements Streamed<T> {
        @Override
        public T await() {
            return Rx.await(source);
        }

        @Override
        public T await(Consumer<T> onUndelivered) {
            return Rx.await(source, onUndelivered);
        }

        @Override
        public T awaitRequired() {
            return Rx.awaitRequired(source);
        }

        @Override
        public T awaitRequired(Consumer<T> onUndelivered) {
            return Rx.awaitRequired(source, onUndelivered);
        }

        @Override
        public Optional<T> awaitOptional() {
            return Rx.awaitOptional(source);
        }

        @Override
        public Optional<T> awaitOptional(Consumer<T> onUndelivered) {
            return Rx.awaitOptional(source, onUndelivered);
        }

        @Override
        public T awaitFirst() {
            return Rx.awaitFirst(source);
        }

        @Override
        public T awaitFirst(Consumer<T> onUndelivered) {
            return Rx.awaitFirst(source, onUndelivered);
        }

        @Override
        public T awaitLast() {
            return Rx.awaitLast(source);
        }

        @Override
        public T awaitLast(Consumer<T> onUndelivered) {
            return Rx.awaitLast(source, onUndelivered);
        }

        @Override
        public Future<T> future() {
            return Rx.future(source);
        }

        @Override
        public Future<T> future(Consumer<T> onUndelivered) {
            return Rx.future(source, onUndelivered);
        }

        @Override
        public Iteration<T> iterate() {
            return Rx.iterate(source, BackpressureStrategy.BUFFER);
        }

        @Override
        public Iteration<T> iterate(int prefetch) {
            return Rx.iterate(source, BackpressureStrategy.BUFFER, prefetch);
        }

        @Override
        public Iteration<T> iterate(int prefetch, Consumer<T> onUndelivered) {
            return Rx.iterate(source, BackpressureStrategy.BUFFER, prefetch, onUndelivered);
        }
    }
}
