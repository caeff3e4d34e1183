package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import io.coloop.test.Reports;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** All methods of CompletionStage, with CompletableFuture as the oracle, and under rule 3. */
class FutureStagesTest {
    private static final String CALLED = " after calls ";

    private enum Behaviour {
        RETURNS,
        RETURNS_NULL,
        THROWS,
        THROWS_CHECKED_IN_COMPLETION_EXCEPTION,
        THROWS_ERROR
    }

    private enum End {
        VALUE,
        NULL,
        UNCHECKED,
        CHECKED,
        COMPLETION_EXCEPTION,
        CANCELLED;

        void of(CompletableFuture<String> future) {
            switch (this) {
                case VALUE -> future.complete("v");
                case NULL -> future.complete(null);
                case CANCELLED -> future.cancel(false);
                default -> future.completeExceptionally(failure());
            }
        }

        void of(Promise<String> promise) {
            switch (this) {
                case VALUE -> promise.complete("v");
                case NULL -> promise.complete(null);
                case CANCELLED -> promise.future().cancel();
                default -> promise.fail(failure());
            }
        }

        private Throwable failure() {
            return switch (this) {
                case UNCHECKED -> new IllegalStateException("unchecked");
                case CHECKED -> new IOException("checked");
                default -> new CompletionException(new IllegalArgumentException("wrapped"));
            };
        }
    }

    private enum Other {
        DONE,
        DONE_FAILED,
        LATER,
        LATER_FAILED,
        NEVER;

        boolean isDone() {
            return this == DONE || this == DONE_FAILED;
        }

        void settle(Consumer<String> value, Consumer<Throwable> failure) {
            switch (this) {
                case DONE, LATER -> value.accept("other");
                case DONE_FAILED, LATER_FAILED -> failure.accept(new IllegalStateException("other"));
                case NEVER -> {}
            }
        }
    }

    /** The functions given to a method, recording what they are called with; all null if there shall be none. */
    private static final class Functions {
        final List<String> calls = Collections.synchronizedList(new ArrayList<>());
        final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        final Behaviour behaviour;
        final boolean absent;
        final Function<String, CompletionStage<String>> stageOf;

        Functions(Behaviour behaviour, boolean absent, Function<String, CompletionStage<String>> stageOf) {
            this.behaviour = behaviour;
            this.absent = absent;
            this.stageOf = stageOf;
        }

        private String called(Object... arguments) {
            threads.add(Thread.currentThread());
            calls.add(Arrays.stream(arguments)
                    .map(argument -> argument instanceof Throwable failure ? describe(failure) : "" + argument)
                    .toList()
                    .toString());
            return switch (behaviour) {
                case RETURNS -> "r";
                case RETURNS_NULL -> null;
                case THROWS -> throw new UnsupportedOperationException("thrown");
                case THROWS_CHECKED_IN_COMPLETION_EXCEPTION -> throw new CompletionException(new IOException("thrown"));
                case THROWS_ERROR -> throw new AssertionError("thrown");
            };
        }

        String seen() {
            return calls.isEmpty() ? "" : CALLED + calls;
        }

        private <F> F given(F function) {
            return absent ? null : function;
        }

        Function<String, String> apply() {
            return given(value -> called(value));
        }

        Consumer<String> accept() {
            return given(value -> called(value));
        }

        Runnable run() {
            return given(() -> called());
        }

        BiFunction<String, String, String> combine() {
            return given((one, two) -> called(one, two));
        }

        BiConsumer<String, String> acceptBoth() {
            return given((one, two) -> called(one, two));
        }

        Function<String, CompletionStage<String>> compose() {
            return given(value -> {
                String result = called(value);
                return result == null ? null : stageOf.apply(result);
            });
        }

        BiFunction<String, Throwable, String> handle() {
            return given((value, failure) -> called(value, failure));
        }

        BiConsumer<String, Throwable> whenComplete() {
            return given((value, failure) -> called(value, failure));
        }

        Function<Throwable, String> exceptionally() {
            return given(failure -> called(failure));
        }

        Function<Throwable, CompletionStage<String>> exceptionallyCompose() {
            return given(failure -> {
                String result = called(failure);
                return result == null ? null : stageOf.apply(result);
            });
        }
    }

    @FunctionalInterface
    private interface Call {
        CompletionStage<?> on(
                CompletionStage<String> source, CompletionStage<String> other, Functions f, Executor executor);
    }

    private record Method(String name, boolean takesOther, boolean takesExecutor, Call call) {
        static Method of(String name, Call call) {
            boolean both = name.contains("Both") || name.contains("Combine") || name.contains("Either");
            return new Method(name, both, name.endsWith("(executor)"), call);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Method> METHODS = List.of(
            Method.of("thenApply", (s, o, f, e) -> s.thenApply(f.apply())),
            Method.of("thenApplyAsync", (s, o, f, e) -> s.thenApplyAsync(f.apply())),
            Method.of("thenApplyAsync(executor)", (s, o, f, e) -> s.thenApplyAsync(f.apply(), e)),
            Method.of("thenAccept", (s, o, f, e) -> s.thenAccept(f.accept())),
            Method.of("thenAcceptAsync", (s, o, f, e) -> s.thenAcceptAsync(f.accept())),
            Method.of("thenAcceptAsync(executor)", (s, o, f, e) -> s.thenAcceptAsync(f.accept(), e)),
            Method.of("thenRun", (s, o, f, e) -> s.thenRun(f.run())),
            Method.of("thenRunAsync", (s, o, f, e) -> s.thenRunAsync(f.run())),
            Method.of("thenRunAsync(executor)", (s, o, f, e) -> s.thenRunAsync(f.run(), e)),
            Method.of("thenCombine", (s, o, f, e) -> s.thenCombine(o, f.combine())),
            Method.of("thenCombineAsync", (s, o, f, e) -> s.thenCombineAsync(o, f.combine())),
            Method.of("thenCombineAsync(executor)", (s, o, f, e) -> s.thenCombineAsync(o, f.combine(), e)),
            Method.of("thenAcceptBoth", (s, o, f, e) -> s.thenAcceptBoth(o, f.acceptBoth())),
            Method.of("thenAcceptBothAsync", (s, o, f, e) -> s.thenAcceptBothAsync(o, f.acceptBoth())),
            Method.of("thenAcceptBothAsync(executor)", (s, o, f, e) -> s.thenAcceptBothAsync(o, f.acceptBoth(), e)),
            Method.of("runAfterBoth", (s, o, f, e) -> s.runAfterBoth(o, f.run())),
            Method.of("runAfterBothAsync", (s, o, f, e) -> s.runAfterBothAsync(o, f.run())),
            Method.of("runAfterBothAsync(executor)", (s, o, f, e) -> s.runAfterBothAsync(o, f.run(), e)),
            Method.of("applyToEither", (s, o, f, e) -> s.applyToEither(o, f.apply())),
            Method.of("applyToEitherAsync", (s, o, f, e) -> s.applyToEitherAsync(o, f.apply())),
            Method.of("applyToEitherAsync(executor)", (s, o, f, e) -> s.applyToEitherAsync(o, f.apply(), e)),
            Method.of("acceptEither", (s, o, f, e) -> s.acceptEither(o, f.accept())),
            Method.of("acceptEitherAsync", (s, o, f, e) -> s.acceptEitherAsync(o, f.accept())),
            Method.of("acceptEitherAsync(executor)", (s, o, f, e) -> s.acceptEitherAsync(o, f.accept(), e)),
            Method.of("runAfterEither", (s, o, f, e) -> s.runAfterEither(o, f.run())),
            Method.of("runAfterEitherAsync", (s, o, f, e) -> s.runAfterEitherAsync(o, f.run())),
            Method.of("runAfterEitherAsync(executor)", (s, o, f, e) -> s.runAfterEitherAsync(o, f.run(), e)),
            Method.of("thenCompose", (s, o, f, e) -> s.thenCompose(f.compose())),
            Method.of("thenComposeAsync", (s, o, f, e) -> s.thenComposeAsync(f.compose())),
            Method.of("thenComposeAsync(executor)", (s, o, f, e) -> s.thenComposeAsync(f.compose(), e)),
            Method.of("handle", (s, o, f, e) -> s.handle(f.handle())),
            Method.of("handleAsync", (s, o, f, e) -> s.handleAsync(f.handle())),
            Method.of("handleAsync(executor)", (s, o, f, e) -> s.handleAsync(f.handle(), e)),
            Method.of("whenComplete", (s, o, f, e) -> s.whenComplete(f.whenComplete())),
            Method.of("whenCompleteAsync", (s, o, f, e) -> s.whenCompleteAsync(f.whenComplete())),
            Method.of("whenCompleteAsync(executor)", (s, o, f, e) -> s.whenCompleteAsync(f.whenComplete(), e)),
            Method.of("exceptionally", (s, o, f, e) -> s.exceptionally(f.exceptionally())),
            Method.of("exceptionallyAsync", (s, o, f, e) -> s.exceptionallyAsync(f.exceptionally())),
            Method.of("exceptionallyAsync(executor)", (s, o, f, e) -> s.exceptionallyAsync(f.exceptionally(), e)),
            Method.of("exceptionallyCompose", (s, o, f, e) -> s.exceptionallyCompose(f.exceptionallyCompose())),
            Method.of(
                    "exceptionallyComposeAsync", (s, o, f, e) -> s.exceptionallyComposeAsync(f.exceptionallyCompose())),
            Method.of(
                    "exceptionallyComposeAsync(executor)",
                    (s, o, f, e) -> s.exceptionallyComposeAsync(f.exceptionallyCompose(), e)));

    /** A failure without what may differ: our cancellation's type, the texts made of causes. */
    private static String describe(Throwable failure) {
        String type = failure instanceof CancellationException
                ? "CancellationException"
                : failure.getClass().getSimpleName();
        String message = failure instanceof CompletionException ? "" : " " + failure.getMessage();
        if (failure instanceof NullPointerException
                || failure instanceof CancellationException) { // in words of their own
            message = "";
        }
        String suppressed = Arrays.stream(failure.getSuppressed())
                .map(FutureStagesTest::describe)
                .toList()
                .toString();
        return type + message + suppressed + (failure.getCause() == null ? "" : " <- " + describe(failure.getCause()));
    }

    private static String outcome(Object value, Throwable failure) {
        return failure == null ? "value " + value : describe(failure);
    }

    private static final Executor REFUSES = action -> {
        throw new RejectedExecutionException("refused");
    };

    /** Runs inside execute, and counts. */
    private static final class Direct implements Executor {
        final AtomicInteger count = new AtomicInteger();

        @Override
        public void execute(Runnable action) {
            count.incrementAndGet();
            action.run();
        }
    }

    private record Case(Method method, End end, boolean later, Other other, Behaviour behaviour, boolean refuses) {
        /**
         * Everything one can see of the method, done with a CompletableFuture. Whether an executor is asked though there is no function to
         * call differs there from method to method; ours asks only if there is one, so only then its refusal matters.
         */
        String expected() {
            String accepted = seen(false);
            return refuses && accepted.contains(CALLED) ? seen(true) : accepted;
        }

        private String seen(boolean refusing) {
            CompletableFuture<String> source = new CompletableFuture<>();
            CompletableFuture<String> second = new CompletableFuture<>();
            Functions functions = new Functions(behaviour, false, CompletableFuture::completedStage);
            Direct direct = new Direct();
            Runnable settleSecond = () -> other.settle(second::complete, second::completeExceptionally);
            CompletionStage<?> result =
                    call(source, () -> end.of(source), second, settleSecond, functions, refusing ? REFUSES : direct);
            String outcome = result.handle(FutureStagesTest::outcome)
                    .toCompletableFuture()
                    .join();
            return outcome + functions.seen();
        }

        /** The same with ours. */
        String actual() {
            Promise<String> source = Promise.create();
            Promise<String> second = Promise.create();
            Functions functions = new Functions(behaviour, false, Future::completed);
            Direct direct = new Direct();
            Runnable settleSecond = () -> other.settle(second::complete, second::fail);
            CompletionStage<?> result = call(
                    source.future(),
                    () -> end.of(source),
                    second.future(),
                    settleSecond,
                    functions,
                    refuses ? REFUSES : direct);
            assertThat((Object) result).isInstanceOf(Future.class);
            String outcome = await(((Future<?>) result).handle(FutureStagesTest::outcome));
            assertThat(direct.count.get()).as("%s", this).isEqualTo(method.takesExecutor ? functions.calls.size() : 0);
            return outcome + functions.seen();
        }

        private CompletionStage<?> call(
                CompletionStage<String> source,
                Runnable settleSource,
                CompletionStage<String> second,
                Runnable settleSecond,
                Functions functions,
                Executor executor) {
            if (!later) {
                settleSource.run();
            }
            if (other.isDone()) {
                settleSecond.run();
            }
            CompletionStage<?> result = method.call.on(source, second, functions, executor);
            if (later) {
                settleSource.run();
            }
            if (!other.isDone()) {
                settleSecond.run();
            }
            return result;
        }
    }

    private static void compare(Case tried) {
        assertThat(tried.actual()).as("%s", tried).isEqualTo(tried.expected());
    }

    private static void compareAll(boolean later, boolean withOther) {
        for (Method method : METHODS) {
            if (method.takesOther != withOther) {
                continue;
            }
            for (End end : End.values()) {
                for (Behaviour behaviour : Behaviour.values()) {
                    for (Other other : withOther ? Other.values() : new Other[] {Other.DONE}) {
                        boolean needsOther = !method.name.contains("Either");
                        if (other == Other.NEVER && needsOther) {
                            continue;
                        }
                        compare(new Case(method, end, later, other, behaviour, false));
                        if (method.takesExecutor && behaviour == Behaviour.RETURNS) {
                            compare(new Case(method, end, later, other, behaviour, true));
                        }
                    }
                }
            }
        }
    }

    @Test
    void everyMethodIsHere() {
        List<String> names = METHODS.stream()
                .map(method -> method.name.replace("(executor)", ""))
                .distinct()
                .sorted()
                .toList();
        List<String> declared = Arrays.stream(CompletionStage.class.getMethods())
                .map(java.lang.reflect.Method::getName)
                .filter(name -> !name.equals("toCompletableFuture"))
                .distinct()
                .sorted()
                .toList();
        assertThat(names).isEqualTo(declared);
        assertThat(METHODS).hasSize(CompletionStage.class.getMethods().length - 1);
    }

    @LoopTest
    void aSourceThatIsDone() {
        compareAll(false, false);
    }

    @LoopTest
    void aSourceThatIsDoneLater() {
        compareAll(true, false);
    }

    @LoopTest
    void aSourceThatIsDoneAndAnother(Reports reports) {
        compareAll(false, true);
        onlyLosersAreReported(reports);
    }

    @LoopTest
    void aSourceThatIsDoneLaterAndAnother(Reports reports) {
        compareAll(true, true);
        onlyLosersAreReported(reports);
    }

    // ---- null arguments

    @LoopTest
    void noFunction() {
        Functions none = new Functions(Behaviour.RETURNS, true, Future::completed);
        for (Method method : METHODS) {
            assertThatThrownBy(
                            () -> method.call.on(Future.completed("v"), Future.completed("other"), none, Runnable::run))
                    .as("%s", method)
                    .isInstanceOf(NullPointerException.class);
        }
    }

    @LoopTest
    void noExecutor() {
        for (Method method : METHODS) {
            if (method.takesExecutor) {
                Functions functions = new Functions(Behaviour.RETURNS, false, Future::completed);
                assertThatThrownBy(
                                () -> method.call.on(Future.completed("v"), Future.completed("other"), functions, null))
                        .as("%s", method)
                        .isInstanceOf(NullPointerException.class)
                        .hasMessage("executor");
                assertThat(functions.calls).isEmpty();
            }
        }
    }

    @LoopTest
    void noOtherStage() {
        for (Method method : METHODS) {
            if (method.takesOther) {
                Functions functions = new Functions(Behaviour.RETURNS, false, Future::completed);
                Future<String> failed = Future.failed(new IllegalStateException("seen below"));
                assertThatThrownBy(() -> method.call.on(failed, null, functions, Runnable::run))
                        .as("%s", method)
                        .isInstanceOf(NullPointerException.class);
                assertThat(failed.exceptionNow()).hasMessage("seen below");
                assertThat(functions.calls).isEmpty();
            }
        }
        for (int i = 0; i < 4; i++) {
            yieldNow(); // the refused calls left nothing that fails unseen
        }
    }

    // ---- rule 3

    private static End endFor(Method method) {
        return method.name.startsWith("exceptionally") ? End.UNCHECKED : End.VALUE;
    }

    private static Thread loopThread() {
        Promise<Thread> thread = Promise.create();
        Loop.current().execute(() -> thread.complete(Thread.currentThread()));
        return await(thread.future());
    }

    private static void checkNeverInline(Method method, boolean later, Thread own) {
        Promise<String> source = Promise.create();
        Promise<String> other = Promise.create();
        Functions functions = new Functions(Behaviour.RETURNS, false, Future::completed);
        Supplier<CompletionStage<?>> register =
                () -> method.call.on(source.future(), other.future(), functions, Loop.current());
        Runnable settle = () -> {
            endFor(method).of(source);
            if (!method.name.contains("Either")) {
                other.complete("other");
            }
        };
        Future<?> result;
        if (later) {
            result = (Future<?>) register.get();
            settle.run();
        } else {
            settle.run();
            result = (Future<?>) register.get();
        }
        assertThat(functions.calls).as("%s ran inline", method).isEmpty();
        assertThat(result.isDone()).isFalse();
        await(result);
        assertThat(functions.threads).as("%s ran once, on the loop", method).containsExactly(own);
    }

    @LoopTest
    void neverInline() {
        Thread own = loopThread();
        for (Method method : METHODS) {
            checkNeverInline(method, false, own);
            checkNeverInline(method, true, own);
        }
    }

    @LoopTest
    void anExecutorIsWhereTheFunctionRunsAndTheStageComesBack(Loop loop, io.coloop.test.VirtualClock clock) {
        Thread own = loopThread();
        List<Thread> ranOn = Collections.synchronizedList(new ArrayList<>());
        List<Thread> dependentRanOn = new ArrayList<>();
        try (var operation = clock.foreign(loop)) {
            Executor threads = action -> Thread.ofPlatform().name("executor").start(action);
            Future<Void> result = Future.completed("v")
                    .thenApplyAsync(
                            value -> {
                                ranOn.add(Thread.currentThread());
                                return value;
                            },
                            threads)
                    .thenAccept(value -> dependentRanOn.add(Thread.currentThread()));
            await(result);
        }
        assertThat(ranOn).singleElement().extracting(Thread::getName).isEqualTo("executor");
        assertThat(dependentRanOn).containsExactly(own);
    }

    /** Either of two: what the slower one fails with is nobody's. */
    private static void onlyLosersAreReported(Reports reports) {
        for (int i = 0; i < 4; i++) {
            Await.yieldNow();
        }
        assertThat(reports.take()).allMatch(report -> report.kind() == Report.Kind.UNOBSERVED_FAILURE);
    }
}
