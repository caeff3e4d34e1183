package io.coloop;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A limit on how long a part of a task may take. {@link #run} calls its body in place; when time is up it cancels the task, and turns the cancellation
 * that comes out of the body into a {@link TaskTimeoutException}. As asyncio's {@code timeout}:
 *
 * <ul>
 *   <li>A task that is cancelled from outside as well, before or after the expiry, sees its {@link TaskCancelledException}.
 *   <li>A body that returns or fails in spite of the expiry does so; its failure gets a suppressed {@link TaskTimeoutException}.
 *   <li>Only what awaits can time out.
 * </ul>
 *
 * <p>Used once. Confined to its loop.
 */
public final class Timeout {
    private enum State {
        CREATED,
        ACTIVE,
        EXPIRING,
        EXPIRED,
        FINISHED
    }

    private final Loop loop;
    private final @Nullable Object awaited; // all that the body awaits, if it is one await
    private final long created;
    private long when;
    private State state = State.CREATED;
    private @Nullable Task<?> task; // set by run
    private @Nullable Cleanup cleanup; // what it began in
    private int requestsBefore; // cancel requests that were there when it began
    private @Nullable Handle timer;
    private String text = "";

    private Timeout(Loop loop, long when, @Nullable Object awaited) {
        this(loop, loop.time(), when, awaited);
    }

    private Timeout(Loop loop, long created, long when, @Nullable Object awaited) {
        this.loop = loop;
        this.awaited = awaited;
        this.created = created;
        this.when = when;
    }

    private static Timeout after(Loop loop, Duration delay, @Nullable Object awaited) {
        long when = loop.deadlineAfter(Loop.nanos(delay));
        long created = when == Long.MAX_VALUE ? loop.time() : when - Math.max(0, Loop.nanos(delay));
        return new Timeout(loop, created, when, awaited);
    }

    private static Loop loopFor(String call) {
        Loop loop = Loop.currentOrNull();
        if (loop == null) {
            throw Misuse.of("a timeout needs a loop's clock", call, null, "make it in the task that runs it");
        }
        return loop;
    }

    /** A limit that ends a time after now. Zero or less: the body's first await that gives up the loop times out. */
    public static Timeout of(Duration delay) {
        Objects.requireNonNull(delay, "delay");
        Loop loop = loopFor("Timeout.of(" + delay + ")");
        return after(loop, delay, null);
    }

    /** A limit that ends at a time, in nanoseconds of {@link Loop#time()}. {@link Long#MAX_VALUE} is never. */
    public static Timeout at(long when) {
        return new Timeout(loopFor("Timeout.at(" + when + ")"), when, null);
    }

    /** No limit, until it is rescheduled. */
    public static Timeout none() {
        return new Timeout(loopFor("Timeout.none()"), Long.MAX_VALUE, null);
    }

    /** Awaits one thing with a limit. If that is done in the turn in which time is up, its value counts. */
    static <T extends @Nullable Object> T limit(
            Task<?> task, Duration limit, Object awaited, Body<T, RuntimeException> await) {
        Objects.requireNonNull(limit, "limit");
        return after(task.loop(), limit, awaited).run(await);
    }

    /**
     * Runs a body on the calling task, with this limit; returns its result, or throws its failure, the instance itself.
     *
     * @throws TaskTimeoutException if time was up and that ended the body
     * @throws LoopMisuseException if it ran before, or outside a task
     */
    public <T extends @Nullable Object, X extends Throwable> T run(Body<T, X> body) throws X {
        Objects.requireNonNull(body, "body");
        begin();
        T result;
        try {
            result = body.run();
        } catch (TaskCancelledException cancelled) {
            throw end() ? new TaskTimeoutException(text, cancelled) : withReasonOfAnother(cancelled);
        } catch (Throwable failure) {
            if (end()) {
                failure.addSuppressed(new TaskTimeoutException(text, null));
            }
            throw failure;
        }
        end();
        return result;
    }

    /** Runs a body without a result; see {@link #run(Body)}. */
    public <X extends Throwable> void run(VoidBody<X> body) throws X {
        run(Loop.asBody(body));
    }

    /** When time is up, in nanoseconds of {@link Loop#time()}; {@link Long#MAX_VALUE} if never. */
    public long when() {
        loop.checkOnLoop("Timeout.when()");
        return when;
    }

    /**
     * Changes the limit of a body that runs.
     *
     * @param when nanoseconds of {@link Loop#time()}, also in the past; {@link Long#MAX_VALUE} is never
     * @throws LoopMisuseException if the body does not run, or time is up already
     */
    public void reschedule(long when) {
        loop.checkOnLoop("Timeout.reschedule(...)");
        if (state != State.ACTIVE) {
            throw Misuse.of(
                    "a timeout can be rescheduled while its body runs and time is not up; this one is " + stateName(),
                    "Timeout.reschedule(...)",
                    loop,
                    "reschedule it inside the body, or make another");
        }
        this.when = when;
        arm();
    }

    /** Changes the limit to end a time after now; see {@link #reschedule(long)}. */
    public void rescheduleAfter(Duration delay) {
        reschedule(loop.deadlineAfter(Loop.nanos(Objects.requireNonNull(delay, "delay"))));
    }

    /** Whether time was up while the body ran. */
    public boolean expired() {
        loop.checkOnLoop("Timeout.expired()");
        return state == State.EXPIRING || state == State.EXPIRED;
    }

    private void begin() {
        Task<?> current = Task.require("Timeout.run(...)");
        loop.checkOnLoop("Timeout.run(...)");
        if (state != State.CREATED) {
            throw Misuse.of(
                    "a timeout is used once; this one is " + stateName(),
                    "Timeout.run(...)",
                    loop,
                    "make another with Timeout.of(...)");
        }
        state = State.ACTIVE;
        task = current;
        cleanup = current.cleanup;
        requestsBefore = current.requestsSeen();
        arm();
    }

    private void arm() {
        disarm();
        if (when > loop.time()) {
            timer = when == Long.MAX_VALUE ? null : loop.callAt(when, this::expire);
        } else if (awaited != null) {
            expire(); // what is awaited is cancelled at once, or not even started
        } else {
            timer = loop.callSoon(this::expire);
        }
    }

    private void disarm() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void expire() {
        Task<?> limited = Objects.requireNonNull(task);
        Future<?> pending = limited.awaiting();
        if (awaited != null && pending != null && pending.isDone()) {
            return; // in time: the task is about to take the result
        }
        state = State.EXPIRING;
        text = (awaited == null ? "" : "await(" + awaited + ") ") + "timed out after "
                + Duration.ofNanos(Math.max(0, when - created)) + " in " + limited.name();
        limited.cancelFrom(cleanup, text);
    }

    /** Whether the body was ended by the expiry and nothing else. */
    private boolean end() {
        disarm();
        if (state != State.EXPIRING) {
            state = State.FINISHED;
            return false;
        }
        state = State.EXPIRED;
        Task<?> limited = Objects.requireNonNull(task);
        limited.uncancel();
        return limited.requestsSeen() <= requestsBefore;
    }

    /** Time was up first, but it is somebody else's request that ends the body. */
    private TaskCancelledException withReasonOfAnother(TaskCancelledException cancelled) {
        if (text == null || !text.equals(cancelled.getMessage())) {
            return cancelled;
        }
        Task<?> limited = Objects.requireNonNull(task);
        return new TaskCancelledException(limited.reasonSeen(limited.cancelReason()));
    }

    private String stateName() {
        return state.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return "Timeout[" + stateName() + (state == State.ACTIVE ? ", when " + when : "") + "]";
    }
}
