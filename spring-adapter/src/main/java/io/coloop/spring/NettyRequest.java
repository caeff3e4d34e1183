package io.coloop.spring;

import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;

/** What reactor-netty says of a request; nothing without it on the class path. */
final class NettyRequest {
    private static final boolean PRESENT =
            ClassUtils.isPresent("reactor.netty.http.server.HttpServer", NettyRequest.class.getClassLoader());

    private NettyRequest() {}

    /** The event loop that carries the request, or null if none does. */
    static @Nullable ScheduledExecutorService eventLoop(ServerHttpRequest request) {
        return PRESENT ? Netty.eventLoop(request) : null;
    }

    /** Cancels the handling of a request when its connection is closed. */
    static Mono<Void> untilClosed(RequestLoop loop, ServerHttpRequest request, Mono<Void> handling) {
        return PRESENT ? Netty.untilClosed(loop, request, handling) : handling;
    }

    private static final class Netty {
        static @Nullable ScheduledExecutorService eventLoop(ServerHttpRequest request) {
            return nativeRequest(request) instanceof Connection connection
                    ? connection.channel().eventLoop()
                    : null;
        }

        static Mono<Void> untilClosed(RequestLoop loop, ServerHttpRequest request, Mono<Void> handling) {
            return nativeRequest(request) instanceof Connection connection
                    ? Handling.of(loop, connection.channel(), handling)
                    : handling;
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
