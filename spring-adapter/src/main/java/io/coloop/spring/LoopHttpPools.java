package io.coloop.spring;

import java.time.Duration;
import org.springframework.context.SmartLifecycle;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** The connections of the application's HTTP clients. They are closed when the application stops: after the loops, whose tasks may still use them, and before the event loops. */
final class LoopHttpPools implements SmartLifecycle {
    static final String NAME = "coloop";
    private static final int PHASE = RequestLoops.PHASE - 1024;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final ConnectionProvider connections;
    private volatile boolean running;

    LoopHttpPools(ColoopWebClientProperties properties) {
        ConnectionProvider.Builder builder = ConnectionProvider.builder(NAME)
                .maxConnections(properties.maxConnections())
                .pendingAcquireTimeout(properties.pendingAcquireTimeout());
        Integer pending = properties.pendingAcquireMaxCount();
        if (pending != null) {
            builder.pendingAcquireMaxCount(pending);
        }
        Duration idle = properties.maxIdleTime();
        if (idle != null) {
            builder.maxIdleTime(idle);
        }
        this.connections = builder.build();
    }

    HttpClient newClient() {
        return HttpClient.create(connections);
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        connections.disposeLater().block(LIMIT);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
