package io.coloop.rx;

import io.coloop.Future;
import io.reactivex.rxjava3.core.Maybe;

/** The three types, each as a view of a Maybe, so that one test covers them all. */
enum Kind {
    SINGLE {
        @Override
        Object await(Maybe<Object> source) {
            return Rx.await(source.toSingle());
        }

        @Override
        Future<?> future(Maybe<Object> source) {
            return Rx.future(source.toSingle());
        }
    },
    MAYBE {
        @Override
        Object await(Maybe<Object> source) {
            return Rx.await(source);
        }

        @Override
        Future<?> future(Maybe<Object> source) {
            return Rx.future(source);
        }
    },
    MAYBE_REQUIRED {
        @Override
        Object await(Maybe<Object> source) {
            return Rx.awaitRequired(source);
        }

        @Override
        Future<?> future(Maybe<Object> source) {
            return Rx.future(source);
        }
    },
    COMPLETABLE {
        @Override
        Object await(Maybe<Object> source) {
            Rx.await(source.ignoreElement());
            return null;
        }

        @Override
        Future<?> future(Maybe<Object> source) {
            return Rx.future(source.ignoreElement());
        }
    };

    abstract Object await(Maybe<Object> source);

    abstract Future<?> future(Maybe<Object> source);
}
