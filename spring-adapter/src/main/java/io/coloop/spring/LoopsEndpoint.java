package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.LoopStatistics;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.util.ClassUtils;

/**
 * The Actuator endpoint {@code loops}: what the loops on which requests are handled do, and where each of their tasks waits. It waits for a loop that is held one second at most, and shows what holds it.
 */
@Endpoint(id = "loops")
public final class LoopsEndpoint {
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final RequestLoops loops;

    LoopsEndpoint(RequestLoops loops) {
        this.loops = loops;
    }

    /** All loops. */
    @ReadOperation
    public Loops loops() {
        return new Loops(Loop.mode().toString(), describe(loops.loops()));
    }

    /** All loops, for people: {@link Loop#dump}. */
    @ReadOperation(produces = "text/plain;charset=UTF-8")
    public String dumps() {
        return dump(loops.loops());
    }

    /** One loop; null if there is none of this name. */
    @ReadOperation
    public @Nullable LoopDescription loop(@Selector String name) {
        List<LoopDescription> found = describe(named(name));
        return found.isEmpty() ? null : found.get(0);
    }

    /** One loop, for people: {@link Loop#dump}; null if there is none of this name. */
    @ReadOperation(produces = "text/plain;charset=UTF-8")
    public @Nullable String dump(@Selector String name) {
        List<Loop> found = named(name);
        return found.isEmpty() ? null : dump(found);
    }

    private List<Loop> named(String name) {
        return loops.loops().stream().filter(loop -> loop.name().equals(name)).toList();
    }

    private static List<LoopDescription> describe(List<Loop> asked) {
        Map<Loop, @Nullable String> dumps = LoopProbe.ask(asked, Loop::dump, LIMIT);
        return dumps.entrySet().stream()
                .map(each -> describe(each.getKey(), each.getValue()))
                .toList();
    }

    private static LoopDescription describe(Loop loop, @Nullable String dump) {
        LoopReports.Held held = dump != null ? null : LoopReports.heldBy(loop);
        return new LoopDescription(
                loop.name(),
                HostThread.nameOf(loop),
                dump != null,
                held == null ? null : HeldBy.of(held),
                RecentStatistics.of(loop).utilization(),
                Statistics.of(loop.statistics()),
                dump == null
                        ? null
                        : dump.lines().skip(1).map(line -> line.substring(2)).toList());
    }

    private static String dump(List<Loop> asked) {
        return LoopProbe.ask(asked, Loop::dump, LIMIT).entrySet().stream()
                .map(each -> each.getValue() != null ? each.getValue() : held(each.getKey()))
                .collect(Collectors.joining("\n\n", "", "\n"));
    }

    private static String held(Loop loop) {
        LoopReports.Held held = LoopReports.heldBy(loop);
        String text = loop.name() + " did not answer within " + LIMIT.toSeconds()
                + " s: something holds it, or the thread of its event loop";
        return held == null
                ? text
                : text + "\n  " + held.report().message() + "\n    at "
                        + String.join("\n    at ", HeldBy.of(held).stack());
    }

    /**
     * All loops of requests.
     *
     * @param mode how task bodies run in this JVM
     * @param loops the loops
     */
    public record Loops(String mode, List<LoopDescription> loops) implements OperationResponseBody {}

    /**
     * One loop.
     *
     * @param name its name
     * @param thread the name of its thread
     * @param responding whether it answered within a second
     * @param heldBy what holds it, if it does not respond and the watchdog has reported it
     * @param utilization the share of time in which it had something to do, lately: 0 to 1
     * @param statistics since it was made
     * @param tasks its tasks, what each awaits and where, as a tree; null if it does not respond
     */
    public record LoopDescription(
            String name,
            String thread,
            boolean responding,
            @Nullable HeldBy heldBy,
            double utilization,
            Statistics statistics,
            @Nullable List<String> tasks)
            implements OperationResponseBody {}

    /**
     * What holds a loop.
     *
     * @param since when it was reported
     * @param message what it is
     * @param stack where its thread is
     */
    public record HeldBy(Instant since, String message, List<String> stack) {
        private static HeldBy of(LoopReports.Held held) {
            Throwable stack = held.report().failure();
            return new HeldBy(
                    held.since(),
                    held.report().message(),
                    stack == null
                            ? List.of()
                            : Arrays.stream(stack.getStackTrace())
                                    .map(Objects::toString)
                                    .toList());
        }
    }

    /**
     * What a loop did since it was made, and what it has to do: {@link LoopStatistics}.
     *
     * @param tasks how many tasks have begun and not ended
     * @param ready how many items wait in the ready queue
     * @param timers how many timers are armed
     * @param turns how many turns it made
     * @param items how many callbacks and steps of tasks it ran
     * @param busy how long it had something to do
     * @param idle how long it waited
     * @param timerDelays by how much timers fired after their deadlines
     */
    public record Statistics(
            int tasks,
            int ready,
            int timers,
            long turns,
            long items,
            Duration busy,
            Duration idle,
            Delays timerDelays) {
        static Statistics of(LoopStatistics statistics) {
            LoopStatistics.Delays delays = statistics.timerDelays();
            return new Statistics(
                    statistics.tasks(),
                    statistics.ready(),
                    statistics.timers(),
                    statistics.turns(),
                    statistics.items(),
                    statistics.busy(),
                    statistics.idle(),
                    new Delays(delays.count(), delays.percentile(50), delays.percentile(99), delays.percentile(100)));
        }
    }

    /**
     * Delays of timers.
     *
     * @param count how many timers fired
     * @param median half of them were at most this late
     * @param p99 99 of 100 were at most this late
     * @param longest the latest one
     */
    public record Delays(long count, Duration median, Duration p99, Duration longest) {}

    private static final class HostThread {
        private static final boolean NETTY = ClassUtils.isPresent(
                "io.netty.util.concurrent.SingleThreadEventExecutor", HostThread.class.getClassLoader());

        private HostThread() {}

        /** An owned loop's thread has the loop's name. */
        static String nameOf(Loop loop) {
            Object host = RequestLoops.hostOf(loop);
            return NETTY && host != null ? Netty.nameOf(host, loop.name()) : loop.name();
        }

        private static final class Netty {
            static String nameOf(Object host, String otherwise) {
                return host instanceof SingleThreadEventExecutor executor
                        ? executor.threadProperties().name()
                        : otherwise;
            }
        }
    }
}
