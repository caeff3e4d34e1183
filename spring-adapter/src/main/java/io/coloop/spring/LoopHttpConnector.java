package io.coloop.spring;

import io.coloop.Loop;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.reactive.ClientHttpConnector;
import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.http.client.reactive.ClientHttpResponse;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientConfig;
import reactor.netty.resources.LoopResources;

/** Sends each request over a connection on the event loop of whoever subscribes, so that its answer comes there; from other threads over one on any. */
final class LoopHttpConnector implements ClientHttpConnector {
    /*
     * reactor-netty keeps a pool for each remote address and each configuration of a client, and the event loops that a client runs on are part of
     * that. So clients that differ in their event loop alone share no connection, though all of them have the application's ConnectionProvider; that holds for HTTP/2 as well.
     */
    private final HttpClient client;
    private final ClientHttpConnector anywhere;
    private final Map<EventLoop, ClientHttpConnector> onLoop = new ConcurrentHashMap<>();

    private LoopHttpConnector(HttpClient client, ClientHttpConnector anywhere) {
        this.client = client;
        this.anywhere = anywhere;
    }

    /** With the client that is built, and is handed to the last customizer. */
    static ClientHttpConnector of(Function<UnaryOperator<HttpClient>, ClientHttpConnector> build) {
        HttpClient[] built = new HttpClient[1];
        ClientHttpConnector connector = build.apply(client -> {
            built[0] = client;
            return client;
        });
        return new LoopHttpConnector(built[0], connector);
    }

    @Override
    public Mono<ClientHttpResponse> connect(
            HttpMethod method, URI uri, Function<? super ClientHttpRequest, Mono<Void>> requestCallback) {
        return Mono.defer(() -> here().connect(method, uri, requestCallback));
    }

    private ClientHttpConnector here() {
        EventLoop eventLoop = eventLoop();
        if (eventLoop == null) {
            return anywhere;
        }
        ClientHttpConnector known = onLoop.get(eventLoop);
        if (known != null) {
            return known;
        }
        onLoop.keySet().removeIf(EventLoop::isShuttingDown);
        return onLoop.computeIfAbsent(eventLoop, added -> new ReactorClientHttpConnector(clientOn(added)));
    }

    private HttpClient clientOn(EventLoop eventLoop) {
        var resolver = client.configuration().resolver();
        // reactor-netty would make another resolver for each event loop, with a cache of its own, and keep it for ever
        return (resolver == null ? client : client.resolver(resolver)).runOn(new SingleEventLoop(eventLoop));
    }

    /** With the kind of channels that the event loop's group has: of an event loop by itself, reactor-netty 1.2 does not know it. */
    private record SingleEventLoop(EventLoop eventLoop) implements LoopResources {
        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return eventLoop;
        }

        @Override
        public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
            return LoopResources.super.onChannel(type, whole(group));
        }

        @Override
        public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
            return LoopResources.super.onChannelClass(type, whole(group));
        }

        private static EventLoopGroup whole(EventLoopGroup group) {
            EventLoopGroup parent = group instanceof EventLoop one ? one.parent() : null;
            return parent != null ? parent : group;
        }
    }

    /** That of the calling task or thread. */
    private @Nullable EventLoop eventLoop() {
        Loop loop = Loop.currentOrNull();
        if (loop != null && RequestLoops.hostOf(loop) instanceof EventLoop host) {
            return host;
        }
        HttpClientConfig config = client.configuration();
        EventLoop next =
                config.loopResources().onClient(config.isPreferNative()).next(); // on one of them it is that one
        return next.inEventLoop() ? next : null;
    }
}
