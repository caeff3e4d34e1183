package io.coloop.spring;

import io.coloop.Await;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopClosedException;
import io.coloop.LoopLocal;
import io.coloop.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * The loops on which requests are handled: one hosted by each Netty event loop that carries a request, made when the first comes. Where requests do not come on a Netty event loop, such as with Tomcat, Jetty or a
 * {@code WebTestClient} without a server, a group of loops with threads of their own, to which requests are given in turn.
 *
 * <p>When the application stops, after its web server has, the loops' tasks may go on for {@code coloop.webflux.shutdown-timeout}; what is left is cancelled, and the loops are closed. Thread-safe.
 */
public final class RequestLoops implements SmartLifecycle {
    /** After the web server's own two phases, before what beans need that have no phase, such as connection pools. */
    static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 3 * 1024;

    private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(1); // for a loop to get to it
    private static final LoopLocal<Users> USERS = LoopLocal.withInitial(loop -> new Users());

    private final Supplier<LoopBuilder> settings;
    private final int groupSize;
    private final Duration shutdownTimeout;
    private final Map<ScheduledExecutorService, Loop> hosted = new ConcurrentHashMap<>();
    private final List<Loop> group = new ArrayList<>(); // guarded by groupLock
    private final ReentrantLock groupLock = new ReentrantLock();
    private final AtomicInteger names = new AtomicInteger();
    private final AtomicInteger turn = new AtomicInteger();
    private final List<Consumer<? super Loop>> whenMade = new CopyOnWriteArrayList<>();
    private volatile boolean running;
    private volatile boolean securityContexts;

    /**
     * @param settings what each loop is built with; its names are given by this
     * @param groupSize how many loops of their own there are where no Netty event loop carries the requests; at least 1
     * @param shutdownTimeout how long tasks may go on when the application stops, before they are cancelled; zero: not at all
     */
    public RequestLoops(Supplier<LoopBuilder> settings, int groupSize, Duration shutdownTimeout) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.shutdownTimeout = Objects.requireNonNull(shutdownTimeout, "shutdownTimeout");
        this.groupSize = groupSize;
        if (groupSize < 1) {
            throw new IllegalArgumentException("a group has at least one loop, not " + groupSize);
        }
    }

    /** The loop that handles the exchange's request; the same one each time it is asked. */
    public Loop loopOf(ServerWebExchange exchange) {
        return RequestLoop.on(exchange, this).loop();
    }

    Loop loopOf(ServerHttpRequest request) {
        ScheduledExecutorService eventLoop = NettyRequest.eventLoop(request);
        return eventLoop != null ? on(eventLoop) : nextOfGroup();
    }

    private Loop on(ScheduledExecutorService eventLoop) {
        Loop known = hosted.get(eventLoop);
        if (known != null && !known.isClosed()) {
            return known;
        }
        return hosted.compute(eventLoop, (same, old) -> {
            if (old != null && !old.isClosed()) {
                return old;
            }
            Loop attached =
                    settings.get().name("web-" + names.incrementAndGet()).on(eventLoop);
            Users users = USERS.get(attached);
            users.count.incrementAndGet();
            users.host = eventLoop;
            madeNow(attached);
            return attached;
        });
    }

    /** The event loop that hosts a loop of requests, or null if it has a thread of its own or is none of those. */
    static @Nullable ScheduledExecutorService hostOf(Loop loop) {
        return USERS.get(loop).host;
    }

    Loop nextOfGroup() {
        groupLock.lock();
        try {
            int index = Math.floorMod(turn.getAndIncrement(), groupSize);
            Loop known = index < group.size() ? group.get(index) : null;
            if (known != null && !known.isClosed()) {
                return known;
            }
            Loop started = settings.get().name("web-" + names.incrementAndGet()).start();
            if (known != null) {
                group.set(index, started);
            } else {
                group.add(started);
            }
            madeNow(started);
            return started;
        } finally {
            groupLock.unlock();
        }
    }

    /** Calls the action with each loop that there is, and with each that is made from now on. With one that is made meanwhile it may be called twice. */
    void whenMade(Consumer<? super Loop> action) {
        whenMade.add(action);
        loops().forEach(action);
    }

    private void madeNow(Loop loop) {
        whenMade.forEach(action -> action.accept(loop));
    }

    void showSecurityContexts(boolean wanted) {
        securityContexts = wanted;
    }

    /** Whether tasks of requests see Spring Security's context. */
    boolean hasSecurityContexts() {
        return securityContexts;
    }

    int groupSize() {
        return groupSize;
    }

    /** Those that were made until now and are not closed. */
    public List<Loop> loops() {
        List<Loop> all = new ArrayList<>(hosted.values());
        groupLock.lock();
        try {
            all.addAll(group);
        } finally {
            groupLock.unlock();
        }
        all.removeIf(Loop::isClosed);
        return List.copyOf(all);
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }

    @Override
    public void stop() {
        running = false;
        end();
    }

    @Override
    public void stop(Runnable callback) {
        running = false;
        Thread.ofPlatform().name("coloop-shutdown").start(() -> {
            try {
                end();
            } finally {
                callback.run();
            }
        });
    }

    private void end() {
        List<Loop> ours = loops();
        groupLock.lock();
        try {
            group.clear();
        } finally {
            groupLock.unlock();
        }
        hosted.clear();
        ours = ours.stream()
                .filter(loop -> USERS.get(loop).count.decrementAndGet() <= 0)
                .toList();
        List<Task<?>> drains = new ArrayList<>();
        for (Loop loop : ours) {
            try {
                drains.add(loop.spawn("drain", this::drain));
            } catch (LoopClosedException closed) {
                // nothing is left of it
            }
        }
        awaitAll(drains);
        ours.forEach(Loop::shutdown);
        ours.forEach(Loop::close);
    }

    private void drain() {
        Loop loop = Loop.current();
        long deadline = loop.time() + shutdownTimeout.toNanos();
        while (loop.taskCount() > 1 && loop.time() < deadline) {
            Await.sleep(DRAIN_INTERVAL);
        }
    }

    /** A loop that is held does not get to its drain: closing it gives up, and says so. */
    private void awaitAll(List<Task<?>> drains) {
        CompletableFuture<?>[] all = drains.stream()
                .map(drain -> drain.handle((value, failure) -> null).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(all).get(shutdownTimeout.plus(DRAIN_GRACE).toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException held) {
            // closed all the same
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** How many applications use a loop: event loops may be the process's, and a loop is closed by its last user. */
    private static final class Users {
        final AtomicInteger count = new AtomicInteger();
        volatile @Nullable ScheduledExecutorService host;
    }
}
