package io.coloop.rx;

import io.coloop.Body;
import io.coloop.Future;
import io.coloop.Loop;
import io.reactivex.rxjava3.core.Maybe;

/** The three types that are made of a body or a future, each seen as a Maybe, so that one test covers them all. */
enum Produced {
    SINGLE {
        @Override
        <T> Maybe<T> cold(Loop loop, Body<T, ?> body) {
            return Rx.<T>single(loop, body).toMaybe();
        }

        @Override
        <T> Maybe<T> hot(Future<T> future) {
            return Rx.<T>single(future).toMaybe();
        }

        @Override
        <T> Maybe<T> owning(Future<T> future) {
            return Rx.<T>singleOwning(future).toMaybe();
        }
    },
    MAYBE {
        @Override
        <T> Maybe<T> cold(Loop loop, Body<T, ?> body) {
            return Rx.maybe(loop, body);
        }

        @Override
        <T> Maybe<T> hot(Future<T> future) {
            return Rx.maybe(future);
        }

        @Override
        <T> Maybe<T> owning(Future<T> future) {
            return Rx.maybeOwning(future);
        }
    },
    COMPLETABLE {
        @Override
        <T> Maybe<T> cold(Loop loop, Body<T, ?> body) {
            return Rx.completable(loop, () -> {
                        body.run();
                    })
                    .toMaybe();
        }

        @Override
        <T> Maybe<T> hot(Future<T> future) {
            return Rx.completable(future).toMaybe();
        }

        @Override
        <T> Maybe<T> owning(Future<T> future) {
            return Rx.completableOwning(future).toMaybe();
        }
    };

    /** Whether the value gets through. */
    boolean hasValue() {
        return this != COMPLETABLE;
    }

    abstract <T> Maybe<T> cold(Loop loop, Body<T, ?> body);

    abstract <T> Maybe<T> hot(Future<T> future);

    abstract <T> Maybe<T> owning(Future<T> future);
}
