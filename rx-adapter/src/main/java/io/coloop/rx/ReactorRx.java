package io.coloop.rx;

import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.plugins.RxJavaPlugins;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reactor and RxJava 3, directly into one another, without a task and without a loop in between. For static import, where both libraries are on the class path: {@link Rx} needs no
 * Reactor.
 *
 * <ol>
 *   <li>Cold or hot as what is converted: each subscriber subscribes to it.
 *   <li>Threads: every signal runs where it is made; nothing hops. What a loop makes stays on the loop.
 *   <li>Cancel: passes at once, both ways.
 *   <li>Empty: an empty Mono is an empty Maybe, and a Single that fails with a {@link java.util.NoSuchElementException}. A Mono's value is passed on once the Mono is complete, as it may still
 *       fail.
 *   <li>Undelivered: a value that comes after the cancel goes to the discard hook of the subscriber's Reactor Context if there is one, else it is closed if it is an {@link AutoCloseable},
 *       else it goes to {@code Operators.onNextDropped}. An error after the cancel goes to the hook of the library that made it, {@code RxJavaPlugins.onError} or
 *       {@code Operators.onErrorDropped}; a {@link java.util.concurrent.CancellationException} does not, for it is what was asked for.
 *   <li>Demand: between Flux and Flowable it passes as it is. A Mono's subscriber gets its value when it has asked for it. For an Observable, use its {@code toFlowable(strategy)}, and the
 *       {@code toObservable()} of a Flowable.
 *   <li>Context: the Reactor Context ends here, as RxJava has nothing to carry it: a Mono or Flux that is subscribed through RxJava sees an empty one. {@link io.coloop.ContextVar ContextVars} and
 *       thread locals are the running task's, and are the same on both sides.
 * </ol>
 *
 * <p>What was converted and is converted back is itself again, where that loses no rule: a Single made of a Mono, made into a Mono, fails where it is empty.
 */
public final class ReactorRx {
    private ReactorRx() {}

    // ---- Reactor -> RxJava

    /** A Single of a Mono's value; {@code onError} with a {@link java.util.NoSuchElementException} if it is empty. */
    @SuppressWarnings("unchecked") // a Single only gives its values
    public static <T> Single<T> single(Mono<? extends T> mono) {
        Objects.requireNonNull(mono, "mono");
        return mono instanceof RxMono<?> converted && converted.source() instanceof Single<?> original
                ? (Single<T>) original
                : RxJavaPlugins.onAssembly(new MonoToRx.ToSingle<T>(mono));
    }

    /** A Maybe of a Mono's value. */
    @SuppressWarnings("unchecked") // a Maybe only gives its values
    public static <T> Maybe<T> maybe(Mono<? extends T> mono) {
        Objects.requireNonNull(mono, "mono");
        return mono instanceof RxMono<?> converted && converted.source() instanceof Maybe<?> original
                ? (Maybe<T>) original
                : RxJavaPlugins.onAssembly(new MonoToRx.ToMaybe<T>(mono));
    }

    /** A Completable of a Mono's end; its value is ignored. */
    public static Completable completable(Mono<?> mono) {
        Objects.requireNonNull(mono, "mono");
        return mono instanceof RxMono<?> converted && converted.source() instanceof Completable original
                ? original
                : RxJavaPlugins.onAssembly(new MonoToRx.ToCompletable(mono));
    }

    /** A Flowable of a Mono's value. */
    public static <T> Flowable<T> flowable(Mono<? extends T> mono) {
        return RxJavaPlugins.onAssembly(new Relay.ToFlowable<T>(Objects.requireNonNull(mono, "mono")));
    }

    /** A Flowable of a Flux. */
    @SuppressWarnings("unchecked") // a Flowable only gives its items
    public static <T> Flowable<T> flowable(Flux<? extends T> flux) {
        Objects.requireNonNull(flux, "flux");
        return flux instanceof Relay.ToFlux<?> converted
                ? (Flowable<T>) converted.source()
                : RxJavaPlugins.onAssembly(new Relay.ToFlowable<T>(flux));
    }

    // ---- RxJava -> Reactor

    /** A Mono of a Single's value. */
    public static <T> Mono<T> mono(Single<? extends T> single) {
        Objects.requireNonNull(single, "single");
        return RxMono.of(single, single::subscribe);
    }

    /** A Mono of a Maybe's value. */
    @SuppressWarnings("unchecked") // a Mono only gives its values
    public static <T> Mono<T> mono(Maybe<? extends T> maybe) {
        Objects.requireNonNull(maybe, "maybe");
        return maybe instanceof MonoToRx.ToMaybe<?> converted
                ? (Mono<T>) converted.source()
                : RxMono.of(maybe, maybe::subscribe);
    }

    /** A Mono of a Completable's end. */
    public static Mono<Void> mono(Completable completable) {
        Objects.requireNonNull(completable, "completable");
        return RxMono.of(completable, completable::subscribe);
    }

    /** A Flux of a Flowable. */
    @SuppressWarnings("unchecked") // a Flux only gives its items
    public static <T> Flux<T> flux(Flowable<? extends T> flowable) {
        Objects.requireNonNull(flowable, "flowable");
        return flowable instanceof Relay.ToFlowable<?> converted && converted.source() instanceof Flux<?> original
                ? (Flux<T>) original
                : Relay.ToFlux.of(flowable);
    }
}
