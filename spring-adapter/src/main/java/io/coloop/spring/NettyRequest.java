package io.coloop.spring;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.channel.AbortedException;

/** What reactor-netty says of a request; nothing without it on the class path. */
final class NettyRequest {
    private static final boolean PRESENT =
            ClassUtils.isPresent("reactor.netty.http.server.HttpServer", NettyRequest.class.getClassLoader());

    private NettyRequest() {}

    /** The event loop that carries the request, or null if none does. */
    static @Nullable ScheduledExecutorService eventLoop(ServerHttpRequest request) {
        return PRESENT ? Netty.eventLoop(request) : null;
    }

    /** Fails when the request's connection is closed, or its stream of one; for ever silent without Netty. */
    static Mono<Void> closed(ServerHttpRequest request) {
        return PRESENT ? Netty.closed(request) : Mono.never();
    }

    private static final class Netty {
        static @Nullable ScheduledExecutorService eventLoop(ServerHttpRequest request) {
            return nativeRequest(request) instanceof Connection connection
                    ? connection.channel().eventLoop()
                    : null;
        }

        static Mono<Void> closed(ServerHttpRequest request) {
            return nativeRequest(request) instanceof Connection connection
                    ? failsWith(connection.channel().closeFuture())
                    : Mono.never();
        }

        private static Mono<Void> failsWith(ChannelFuture closed) {
            return Mono.create(sink -> {
                ChannelFutureListener listener =
                        now -> sink.error(new AbortedException("the request's connection was closed"));
                sink.onDispose(() -> closed.removeListener(listener));
                closed.addListener(listener);
            });
        }

        private static @Nullable Object nativeRequest(ServerHttpRequest request) {
            ServerHttpRequest inner = request;
            while (inner instanceof ServerHttpRequestDecorator decorator) {
                inner = decorator.getDelegate();
            }
            try {
                return inner instanceof AbstractServerHttpRequest server ? server.getNativeRequest() : null;
            } catch (IllegalStateException mock) {
                return null;
            }
        }
    }
}
