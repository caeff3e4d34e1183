package io.coloop.examples.onethread;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Awaitable;
import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A Netty event loop as a host: attached once, and lost when it shuts down. */
@Timeout(60)
class NettyHostTest {
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop eventLoop = group.next();
    private final List<Report> reports = new CopyOnWriteArrayList<>();
    private final Loop loop = Loop.builder().exceptionHandler(reports::add).on(eventLoop);

    @Test
    void itsLoopIsFoundAgainOnItsThread() throws Exception {
        assertThat(Loop.on(eventLoop)).isSameAs(loop);
        loop.spawn(() -> {}).get(20, TimeUnit.SECONDS);
        assertThat(eventLoop.submit(Loop::current).get(20, TimeUnit.SECONDS)).isSameAs(loop);

        loop.close();

        assertThat(eventLoop.submit(Loop::currentOrNull).get(20, TimeUnit.SECONDS))
                .isNull();
        Loop next = Loop.on(eventLoop);
        assertThat(next).isNotSameAs(loop);
        next.close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }

    @Test
    void aBodyIsNotInTheEventLoopAndEverythingElseIs() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        loop.close();
        // region netty
        EventLoop eventLoop = group.next(); // one event loop: not the group, which has several threads
        Loop loop = Loop.on(eventLoop);
        Task<Void> task = loop.spawn(() -> {
            seen.add("body: " + eventLoop.inEventLoop()); // false: a virtual thread of its own
            await((Awaitable<Void>) promise -> {
                seen.add("subscription: " + eventLoop.inEventLoop()); // true
                promise.complete(null);
            });
        });
        task.thenRun(() -> seen.add("callback: " + eventLoop.inEventLoop())); // true
        // endregion
        task.get(20, TimeUnit.SECONDS);
        loop.close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        assertThat(seen).containsExactly("body: false", "subscription: true", "callback: true");
    }

    @Test
    void itsShutdownCancelsTheTasksAndTheirCleanupMayAwait() throws Exception {
        Promise<String> never = loop.promise();
        Task<String> cleaned = loop.spawn(() -> {
            try {
                return await(never.future());
            } finally {
                sleep(Duration.ofMillis(1));
            }
        });
        loop.spawn(() -> {}).get(20, TimeUnit.SECONDS);

        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();

        assertThat(loop.awaitTermination(Duration.ofSeconds(20))).isTrue();
        assertThat(cleaned.isCancelled()).isTrue();
        assertThat(reports).extracting(Report::kind).containsExactly(Report.Kind.HOST_LOST);
        assertThat(never.complete("too late")).isFalse(); // and nothing is thrown into this thread
    }
}
