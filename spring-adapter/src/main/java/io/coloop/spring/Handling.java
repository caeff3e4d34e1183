package io.coloop.spring;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The handling of one request, which ends with its connection at the latest. Spring and reactor-netty cancel it when the client leaves, but not always: a stream whose connection is closed before its first
 * item is written is subscribed, and then neither asked for more nor cancelled. So the end is told to {@link RequestLoop} as well.
 */
final class Handling implements CoreSubscriber<Void>, Subscription, ChannelFutureListener {
    private final RequestLoop request;
    private final Channel channel;
    private final CoreSubscriber<? super Void> actual;
    private volatile @Nullable Subscription upstream;

    private Handling(RequestLoop request, Channel channel, CoreSubscriber<? super Void> actual) {
        this.request = request;
        this.channel = channel;
        this.actual = actual;
    }

    static Mono<Void> of(RequestLoop request, Channel channel, Mono<Void> source) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                source.subscribe(new Handling(request, channel, actual));
            }
        };
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription given) {
        if (Operators.validate(upstream, given)) {
            upstream = given;
            actual.onSubscribe(this);
            channel.closeFuture().addListener(this);
        }
    }

    @Override
    public void operationComplete(ChannelFuture closed) {
        cancelUpstream();
        request.end();
    }

    @Override
    public void onNext(Void never) {}

    @Override
    public void onError(Throwable failure) {
        end();
        actual.onError(failure);
    }

    @Override
    public void onComplete() {
        end();
        actual.onComplete();
    }

    @Override
    public void request(long n) {
        Subscription source = upstream;
        if (source != null) {
            source.request(n);
        }
    }

    @Override
    public void cancel() {
        cancelUpstream();
        end();
    }

    private void end() {
        channel.closeFuture().removeListener(this);
        request.end();
    }

    private void cancelUpstream() {
        Subscription source = upstream;
        if (source != null) {
            source.cancel();
        }
    }
}
