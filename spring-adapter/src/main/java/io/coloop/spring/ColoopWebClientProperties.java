package io.coloop.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the HTTP client of {@code WebClient} and declarative HTTP interfaces. Its limits count for each event loop and each remote host; in total there can be as many times more as there are event
 * loops, plus once for calls from other threads.
 *
 * @param enabled Whether connections live on the event loop of whoever makes the call. False shares one pool among all event loops, so that most answers come on another thread and the request's loop is woken.
 * @param maxConnections How many connections one event loop may have to one host. With 4 event loops, 500 are 2000 in total, and 500 more for calls from other threads.
 * @param pendingAcquireMaxCount How many calls of one event loop may wait for a connection to one host; further ones fail. By default twice as many as there may be connections; -1 is no limit.
 * @param pendingAcquireTimeout How long a call waits for a connection before it fails.
 * @param maxIdleTime How long a connection may be unused before it is closed. By default as long as the remote host keeps it.
 */
@ConfigurationProperties("coloop.webclient")
public record ColoopWebClientProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("500") int maxConnections,
        @Nullable Integer pendingAcquireMaxCount,
        @DefaultValue("45s") Duration pendingAcquireTimeout,
        @Nullable Duration maxIdleTime) {
    /**
     * Made by Spring.
     *
     * @throws IllegalArgumentException if a number of connections or calls makes no sense; its message has the property's name
     */
    public ColoopWebClientProperties {
        PropertyChecks.atLeast(1, "coloop.webclient.max-connections", maxConnections);
        if (pendingAcquireMaxCount != null) {
            PropertyChecks.atLeast(-1, "coloop.webclient.pending-acquire-max-count", pendingAcquireMaxCount);
        }
    }
}
