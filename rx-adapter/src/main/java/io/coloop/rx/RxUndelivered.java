package io.coloop.rx;

import io.coloop.Loop;
import io.coloop.stream.Undelivered;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where what nobody can receive any more goes: RxJava has a hook for errors and none for values. Thread-safe. */
final class RxUndelivered<T> extends Undelivered<T> {
    RxUndelivered(Loop loop, @Nullable Consumer<? super T> receiver) {
        super(loop, "an RxJava source", receiver);
    }

    @Override
    protected void dropped(Throwable failure) {
        RxJavaPlugins.onError(failure);
    }
}
