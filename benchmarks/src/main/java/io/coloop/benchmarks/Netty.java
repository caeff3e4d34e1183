package io.coloop.benchmarks;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.EventExecutorGroup;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Netty's event loops as peers and hosts. */
final class Netty {
    private Netty() {}

    /** One thread that waits in a selector. */
    static EventLoop nio() {
        return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()).next();
    }

    /** One thread that waits on a queue. */
    static EventLoop withoutIo() {
        return new DefaultEventLoop();
    }

    /** Ends an executor, of Netty or not, without Netty's quiet period. */
    static void shutdown(ExecutorService executor) {
        if (executor instanceof EventExecutorGroup group) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        } else {
            executor.shutdownNow();
        }
    }
}
