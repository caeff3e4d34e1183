package io.coloop.process;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static io.coloop.process.Subprocess.shell;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Cleanup;
import io.coloop.Loop;
import io.coloop.LoopBuilder;
import io.coloop.LoopMisuseException;
import io.coloop.Promise;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.TaskTimeoutException;
import io.coloop.VoidBody;
import io.coloop.io.ByteInput;
import io.coloop.io.IncompleteReadException;
import io.coloop.io.LimitExceededException;
import io.coloop.net.Where;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real processes on both kinds of loops; each test must leave no process, no thread and no descriptor. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class SubprocessTest {
    private static final int BIG = 8 * 1024 * 1024;

    private Set<Long> childrenBefore = Set.of();

    @BeforeEach
    void countChildren() {
        childrenBefore = children();
    }

    private static Set<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("net-") && name.contains("(pid ")) // not the JDK's reapers
                .toList();
    }

    private void run(Where where, VoidBody<?> body) throws Exception {
        assertThat(runReporting(where, Loop.builder(), body)).isEmpty();
    }

    private List<Report> runReporting(Where where, LoopBuilder settings, VoidBody<?> body) throws Exception {
        List<Report> reports = where.runReporting(settings, body);
        Where.until("no more children than before", () -> childrenBefore.containsAll(children()));
        Where.until("no thread: " + threads(), () -> threads().isEmpty());
        return reports;
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    // ---- to the end

    @ParameterizedTest
    @EnumSource
    void itsExitCodeItsOutputAndItsErrors(Where where) throws Exception {
        run(where, () -> {
            ProcessResult result = Subprocess.run(shell("echo out; echo err >&2; exit 3"));
            assertThat(result.exitCode()).isEqualTo(3);
            assertThat(result.stdoutText()).isEqualTo("out\n");
            assertThat(result.stderrText()).isEqualTo("err\n");
            assertThat(result).hasToString("ProcessResult[3, 4 bytes of stdout, 4 of stderr]");
            assertThat(Subprocess.run("true").exitCode()).isZero();
            assertThat(Subprocess.run(shell("kill -TERM $$")).exitCode()).isEqualTo(128 + 15);
            assertThat(Subprocess.run("printf", "%s|", "a b", "$HOME", "").stdoutText())
                    .as("no shell looks at the arguments")
                    .isEqualTo("a b|$HOME||");
        });
    }

    @ParameterizedTest
    @EnumSource
    void muchThroughPipesThatHoldLittle(Where where) throws Exception {
        byte[] input = bytes(BIG);
        run(where, () -> {
            ProcessResult result = Subprocess.run(shell("tee /dev/stderr"), input, BIG);
            assertThat(Arrays.equals(result.stdout(), input)).isTrue();
            assertThat(Arrays.equals(result.stderr(), input)).isTrue();
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatItDoesNotReadIsNoError(Where where) throws Exception {
        run(where, () -> {
            assertThat(Subprocess.run(new ProcessBuilder("head", "-c", "3"), bytes("abc".repeat(BIG / 3)), 10)
                            .stdoutText())
                    .isEqualTo("abc");
            ProcessResult goesOn = Subprocess.run(shell("exec <&-; sleep 0.2; echo done"), bytes(BIG), 10);
            assertThat(goesOn.stdoutText()).isEqualTo("done\n");
            assertThat(goesOn.exitCode()).isZero();
        });
    }

    @ParameterizedTest
    @EnumSource
    void moreThanTheLimitEndsIt(Where where) throws Exception {
        run(where, () -> {
            assertThatThrownBy(() -> Subprocess.run(new ProcessBuilder("yes"), new byte[0], 100_000))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessage("no end within 100000 bytes");
            assertThat(Subprocess.run(new ProcessBuilder("printf", "12345"), new byte[0], 5)
                            .stdoutText())
                    .isEqualTo("12345");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledRunLeavesNoProcess(Where where) throws Exception {
        run(where, () -> {
            Task<ProcessResult> running = Task.spawn(() -> Subprocess.run("sleep", "1000"));
            Where.until("it has started", () -> {
                yieldNow();
                return children().size() > childrenBefore.size();
            });
            running.cancel();
            assertThatThrownBy(() -> await(running)).isInstanceOf(TaskCancelledException.class);

            assertThatThrownBy(() -> io.coloop.Timeout.of(Duration.ofMillis(50))
                            .run(() -> Subprocess.run(shell("sleep 1000 | sleep 1000"))))
                    .isInstanceOf(TaskTimeoutException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledStartLeavesNoProcess(Where where) throws Exception {
        run(where, () -> {
            for (int i = 0; i < 30; i++) {
                Task<Subprocess> starting = Task.spawn(() -> Subprocess.start("sleep", "1000"));
                for (int turn = 0; turn < i * 20; turn++) {
                    yieldNow();
                }
                if (starting.isDone()) {
                    await(starting).close();
                } else {
                    starting.cancel();
                    assertThatThrownBy(() -> await(starting)).isInstanceOf(TaskCancelledException.class);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void twoHundredAtOnce(Where where) throws Exception {
        run(where, () -> {
            List<Task<String>> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                byte[] input = bytes("number " + i);
                all.add(Task.spawn(() ->
                        Subprocess.run(new ProcessBuilder("cat"), input, 100).stdoutText()));
            }
            for (int i = 0; i < 200; i++) {
                assertThat(await(all.get(i))).isEqualTo("number " + i);
            }
        });
    }

    // ---- what the builder says

    @ParameterizedTest
    @EnumSource
    void whereItRunsAndWhereItsOutputGoes(Where where, @TempDir Path directory) throws Exception {
        Path file = directory.resolve("out");
        run(where, () -> {
            ProcessBuilder builder = shell("pwd; echo $GREETING; echo err >&2; cat");
            builder.directory(directory.toFile()).redirectErrorStream(true);
            builder.environment().put("GREETING", "hello; exit 1");
            assertThat(Subprocess.run(builder, bytes("input"), 1000).stdoutText())
                    .isEqualTo(directory.toRealPath() + "\nhello; exit 1\nerr\ninput");

            builder.redirectOutput(file.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
            try (Subprocess process = Subprocess.start(builder)) {
                assertThatThrownBy(process::stdin)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("is no pipe: the builder sent it elsewhere, with redirectInput");
                assertThatThrownBy(process::stdout).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(process::stderr).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> process.communicate(bytes("x"))).isInstanceOf(IllegalStateException.class);
                ProcessResult result = process.communicate();
                assertThat(result.exitCode()).isZero();
                assertThat(result.stdout()).isEmpty();
            }
            assertThat(file).content().endsWith("hello; exit 1\nerr\n");
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeStarted(Where where, @TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        run(where, () -> {
            assertThatThrownBy(() -> Subprocess.run("no-such-program"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Cannot run program \"no-such-program\"");
            assertThatThrownBy(() -> Subprocess.start(file.toString()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Permission denied");
            assertThatThrownBy(() -> Subprocess.start(new ProcessBuilder("ls")
                            .directory(directory.resolve("no").toFile())))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Cannot run program \"ls\": " + directory + "/no, its directory, does not exist");
            assertThatThrownBy(() -> Subprocess.start(new ProcessBuilder("ls").directory(file.toFile())))
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("is not a directory");
            assertThatThrownBy(Subprocess::start)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a process needs a command: the program, then its arguments");
            assertThatThrownBy(() -> Subprocess.start("a", null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> Subprocess.run(new ProcessBuilder("true"), null, 1))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("input");
            assertThatThrownBy(() -> Subprocess.shell(null)).isInstanceOf(NullPointerException.class);
            assertThat(Loop.current().closeHookCount()).isZero();
        });
        assertThatThrownBy(() -> Subprocess.run("true")).isInstanceOf(LoopMisuseException.class);
    }

    // ---- pipes

    @ParameterizedTest
    @EnumSource
    void aDialogue(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess cat = Subprocess.start("cat")) {
                for (String line : List.of("one", "zwö", "")) {
                    cat.stdin().write(line + "\n");
                    assertThat(cat.stdout().readLine()).isEqualTo(line);
                }
                cat.stdin().write("12345");
                assertThat(cat.stdout().readExactly(3)).asString().isEqualTo("123");
                assertThat(cat.isAlive()).isTrue();
                assertThat(cat.stderr().isOpen()).isTrue();
                cat.stdin().close();
                assertThat(cat.stdout().readAll(10)).asString().isEqualTo("45");
                assertThat(cat.stdout().read(ByteBuffer.allocate(1))).isEqualTo(-1);
                assertThat(cat.waitFor()).isZero();
                assertThat(cat.stdin().bytesWritten()).isEqualTo(15);
                assertThat(cat.stdout().bytesRead()).isEqualTo(15);
                assertThat(cat).hasToString("Subprocess[cat (pid " + cat.pid() + "), ended with 0]");
                cat.close();
                assertThatThrownBy(() -> cat.stdout().readLine()).isInstanceOf(ClosedChannelException.class);
                assertThatThrownBy(() -> cat.stdin().write("x")).isInstanceOf(ClosedChannelException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void asTheJdksStreams(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess sort = Subprocess.start("sort", "-n")) {
                try (OutputStream out = sort.stdin().outputStream()) {
                    out.write(bytes("10\n9\n"));
                    out.write('8');
                }
                try (BufferedReader in =
                        new BufferedReader(new InputStreamReader(sort.stdout().inputStream(), UTF_8))) {
                    assertThat(in.lines()).containsExactly("8", "9", "10");
                }
                assertThat(sort.stdout().isOpen()).isFalse();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatNobodyReadsWaits(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess yes = Subprocess.start("yes")) {
                assertThat(yes.stdout().readLine()).isEqualTo("y");
                Where.until("it waits", () -> {
                    yieldNow();
                    return state(yes) == 'S' && written(yes) >= 64 * 1024;
                });
                long before = written(yes);
                for (int turn = 0; turn < 1000; turn++) {
                    yieldNow();
                }
                assertThat(written(yes)).isEqualTo(before).isLessThan(256 * 1024);
                assertThat(yes.stdout().readExactly(1_000_000)).startsWith('y', '\n');
            }
        });
    }

    private static char state(Subprocess process) {
        String stat = read("/proc/" + process.pid() + "/stat");
        return stat.charAt(stat.lastIndexOf(')') + 2);
    }

    private static long written(Subprocess process) {
        return read("/proc/" + process.pid() + "/io")
                .lines()
                .filter(line -> line.startsWith("wchar: "))
                .mapToLong(line -> Long.parseLong(line.substring(7)))
                .sum();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledReadTakesNothing(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess cat = Subprocess.start("cat")) {
                ByteInput stdout = cat.stdout();
                List<VoidBody<?>> reads = List.of(
                        stdout::readLine,
                        () -> stdout.read(ByteBuffer.allocate(10)),
                        () -> stdout.readExactly(100),
                        () -> stdout.readUntil(bytes("|"), 100),
                        () -> stdout.readAll(1000));
                for (VoidBody<?> read : reads) {
                    Task<Void> reader = Task.spawn(read);
                    yieldNow();
                    yieldNow();
                    cat.stdin().write("ab");
                    reader.cancel();
                    Throwable thrown = catchThrowable(() -> await(reader));
                    if (thrown == null) { // read(...) came first
                        cat.stdin().write("ab");
                    } else {
                        assertThat(thrown).isInstanceOf(TaskCancelledException.class);
                    }
                    assertThat(stdout.readExactly(2)).asString().isEqualTo("ab");
                }
                Task<byte[]> second = Task.spawn(() -> stdout.readExactly(1));
                yieldNow();
                assertThatThrownBy(stdout::readLine)
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("one task at a time reads from a stream")
                        .hasMessageContaining("call:   Subprocess.stdout().readLine(...)");
                assertThatThrownBy(cat::communicate)
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("call:   Subprocess.stdout().receiveAll(...)");
                assertThatThrownBy(() -> await(second)).hasCauseInstanceOf(IncompleteReadException.class);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aWriteThatIsCancelledAfterAPartCutsTheInput(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess sleep = Subprocess.start("sleep", "1000")) {
                Task<Void> writer = Task.spawn(() -> sleep.stdin().write(bytes(BIG)));
                Where.until("the pipe is full", () -> {
                    yieldNow();
                    return sleep.stdin().bytesWritten() == 0
                            && state(sleep) == 'S'
                            && threads().size() == 1;
                });
                for (int turn = 0; turn < 100; turn++) {
                    yieldNow();
                }
                assertThat(writer.isDone()).isFalse();
                writer.cancel();
                assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
                assertThat(sleep.stdin().isCut()).isTrue();
                assertThat(sleep.stdin().bytesWritten()).isBetween(64 * 1024L, 256 * 1024L);
                assertThatThrownBy(() -> sleep.stdin().write("x"))
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith("an earlier write was cut off after a part of it");
                sleep.stdin().close();
                assertThat(sleep.waitFor()).as("a pipe has no reset").isEqualTo(128 + 9);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void writingToOneThatHasEnded(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess ended = Subprocess.start("true")) {
                assertThat(ended.waitFor()).isZero();
                Where.until(
                        "the pipe is closed",
                        () -> catchThrowable(() -> ended.stdin().write("x")) != null);
                assertThatThrownBy(() -> ended.stdin().write(ByteBuffer.wrap(bytes("x"))))
                        .isInstanceOf(IOException.class);
            }
            try (Subprocess deaf = Subprocess.start(shell("exec <&-; echo ready; sleep 1000"))) {
                assertThat(deaf.stdout().readLine()).isEqualTo("ready");
                assertThatThrownBy(() -> deaf.stdin().write("x"))
                        .isInstanceOf(IOException.class)
                        .hasMessageMatching(
                                "stdin of sh \\(pid \\d+\\): broken pipe, the process does not read any more");
                deaf.stdin().close();
                assertThat(deaf.isAlive())
                        .as("it did not take a part for the whole")
                        .isTrue();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void anOutputThatEndsBeforeTheProcess(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess silent = Subprocess.start(shell("echo last; exec >&-; exec sleep 1000"))) {
                assertThat(silent.stdout().readLine()).isEqualTo("last");
                assertThat(silent.stdout().readLine()).isNull();
                assertThat(silent.isAlive()).isTrue();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void whatItWroteIsThereAfterItsEnd(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess process = Subprocess.start(shell("head -c 60000 /dev/zero; echo x >&2"))) {
                assertThat(process.waitFor()).isZero();
                assertThat(process.stdout().readAll(60_000)).hasSize(60_000);
                assertThat(process.stderr().readAll(10)).asString().isEqualTo("x\n");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void closingAPipeEndsWhoReadsIt(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess cat = Subprocess.start("cat")) {
                Task<String> reader = Task.spawn(() -> cat.stdout().readLine());
                yieldNow();
                cat.stdout().close();
                assertThatThrownBy(() -> await(reader)).hasCauseInstanceOf(ClosedChannelException.class);
                Where.until("cat has no reader any more", () -> {
                    Throwable ignored = catchThrowable(() -> cat.stdin().write("x\n"));
                    yieldNow();
                    return !cat.isAlive();
                });
                assertThat(cat.waitFor()).isEqualTo(128 + 13);
            }
        });
    }

    // ---- the end

    @ParameterizedTest
    @EnumSource
    void itMayEndInItsOwnWay(Where where) throws Exception {
        run(where, () -> {
            Subprocess polite = Subprocess.start(shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"));
            assertThat(polite.stdout().readLine()).isEqualTo("ready");
            polite.close();
            assertThat(await(polite.onExit())).isEqualTo(7);
            polite.close();
            polite.terminate();
            polite.kill();
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatDoesNotEndIsKilled(Where where) throws Exception {
        run(where, () -> {
            Subprocess stubborn = Subprocess.start(shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"));
            assertThat(stubborn.stdout().readLine()).isEqualTo("ready");
            stubborn.terminate();
            assertThatThrownBy(() -> await(stubborn.onExit(), Duration.ofMillis(100)))
                    .isInstanceOf(TaskTimeoutException.class);
            stubborn.close(Duration.ofMillis(100));
            assertThat(await(stubborn.onExit())).isEqualTo(128 + 9);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledCloseEndsItAllTheSame(Where where) throws Exception {
        run(where, () -> {
            Subprocess stubborn = Subprocess.start(shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"));
            assertThat(stubborn.stdout().readLine()).isEqualTo("ready");
            Task<Void> closing = Task.spawn(() -> stubborn.close(Duration.ofMillis(100)));
            yieldNow();
            closing.cancel();
            yieldNow();
            closing.cancel();
            assertThatThrownBy(() -> await(closing)).isInstanceOf(TaskCancelledException.class);
            assertThat(await(stubborn.onExit())).isEqualTo(128 + 9);
            stubborn.close();
        });
    }

    @ParameterizedTest
    @EnumSource
    void itDoesNotOutliveAnOuterGrace(Where where) throws Exception {
        run(where, () -> {
            for (Duration grace : List.of(Duration.ZERO, Duration.ofMillis(100))) {
                Subprocess stubborn =
                        Subprocess.start(shell("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done"));
                ProcessHandle grandchild = ProcessHandle.of(
                                Long.parseLong(stubborn.stdout().readLine()))
                        .orElseThrow();
                Task<Void> closing = Task.spawn(() -> {
                    Task.current().cancel();
                    Cleanup.run(grace, () -> stubborn.close());
                });
                assertThatThrownBy(() -> await(closing)).isInstanceOf(TaskCancelledException.class);
                assertThat(stubborn.stdout().isOpen()).isFalse();
                stubborn.close();
                assertThat(await(stubborn.onExit(), Duration.ofSeconds(10))).isEqualTo(128 + 9);
                Where.until("the grandchild has ended", () -> !grandchild.isAlive());
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void itsDescendantsEndWithIt(Where where) throws Exception {
        run(where, () -> {
            ProcessHandle grandchild;
            try (Subprocess parent = Subprocess.start(shell("sleep 1000 & echo $!; wait"))) {
                grandchild = ProcessHandle.of(Long.parseLong(parent.stdout().readLine()))
                        .orElseThrow();
                assertThat(grandchild.isAlive()).isTrue();
            }
            Where.until("the grandchild has ended", () -> !grandchild.isAlive());
        });
    }

    @ParameterizedTest
    @EnumSource
    void aDescendantThatHoldsThePipesHoldsNobody(Where where) throws Exception {
        List<Report> reports = runReporting(where, Loop.builder(), () -> {
            ProcessHandle[] daemon = new ProcessHandle[1];
            try (Subprocess parent =
                    Subprocess.start(shell("(exec 3<&0; exec sleep 1000 <&3) & echo $!; sleep 0.2; exit 4"))) {
                daemon[0] = ProcessHandle.of(Long.parseLong(parent.stdout().readLine()))
                        .orElseThrow();
                ProcessResult result = parent.communicate(bytes(BIG));
                assertThat(result.exitCode()).isEqualTo(4);
                assertThat(result.stdout()).isEmpty();
                assertThat(daemon[0].isAlive()).isTrue();
            } finally {
                daemon[0].destroyForcibly();
            }
        });
        assertThat(reports).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void whatADescendantWritesAfterTheEndIsReported(Where where) throws Exception {
        List<Report> reports = runReporting(where, Loop.builder(), () -> {
            try (Subprocess parent = Subprocess.start(shell("(sleep 1.8; echo late) & echo hi; sleep 0.3"))) {
                assertThat(parent.stdout().readAll(100)).asString().isEqualTo("hi\n");
                Where.until("the thread has read it", () -> {
                    yieldNow();
                    return threads().isEmpty();
                });
            }
        });
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(Report.Kind.LATE_VALUE);
            assertThat(report.message())
                    .matches("somebody else wrote to stdout of sh \\(pid \\d+\\) after its end; that is lost");
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatRunsWhenItsLoopClosesIsKilledAndReported(Where where) throws Exception {
        List<Report> reports = runReporting(where, Loop.builder(), () -> {
            Subprocess left = Subprocess.start("sleep", "1000");
            assertThat(Loop.current().closeHookCount()).isEqualTo(1);
            assertThat(left.isAlive()).isTrue();
        });
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
            assertThat(report.message())
                    .matches("Subprocess\\[sleep \\(pid \\d+\\), running] ran when the loop closed; it is killed now");
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneWhoseLoopHasNoTimeLeftIsKilledAndReported(Where where) throws Exception {
        List<Consumer<Subprocess>> waysToWasteIt = List.of(
                left -> Task.spawn(() -> Cleanup.run(Duration.ofSeconds(60), SubprocessTest::waitForEver)),
                left -> Task.spawn(() -> left.close(Duration.ofSeconds(60))),
                left -> Loop.current().onClose(SubprocessTest::waitForEver));
        for (Consumer<Subprocess> way : waysToWasteIt) {
            List<Report> reports = runReporting(where, Loop.builder().shutdownTimeout(Duration.ofMillis(300)), () -> {
                Subprocess left = Subprocess.start(shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"));
                assertThat(left.stdout().readLine()).isEqualTo("ready");
                way.accept(left);
                yieldNow();
            });
            assertThat(reports).extracting(Report::kind).containsOnly(Report.Kind.LEFT_AT_CLOSE);
            assertThat(reports)
                    .anySatisfy(report -> assertThat(report.message())
                            .endsWith("running] ran when the loop closed; it is killed now"));
        }
    }

    private static void waitForEver() {
        await(Promise.create().future());
    }

    @ParameterizedTest
    @EnumSource
    void oneThatHasEndedIsNotReported(Where where) throws Exception {
        run(where, () -> {
            Subprocess ended = Subprocess.start("true");
            ended.waitFor();
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledWaitLeavesItAlone(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess cat = Subprocess.start("cat")) {
                Task<Integer> waiting = Task.spawn(cat::waitFor);
                yieldNow();
                waiting.cancel();
                cat.onExit().cancel();
                assertThatThrownBy(() -> await(waiting)).isInstanceOf(TaskCancelledException.class);
                assertThat(cat.isAlive()).isTrue();
                assertThat(cat.communicate().exitCode()).isZero();
                assertThat(cat.waitFor()).isZero();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledCommunicateTakesNothing(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess process = Subprocess.start(shell("echo before; read line; echo $line"))) {
                Task<ProcessResult> communicating = Task.spawn(() -> process.communicate(bytes("after\n")));
                Where.until("it has read some, and its write is done, which a cancel would cut", () -> {
                    yieldNow();
                    return process.stdout().bytesRead() > 0 && process.stdin().bytesWritten() > 0;
                });
                communicating.cancel();
                Throwable thrown = catchThrowable(() -> await(communicating));
                if (thrown != null) {
                    assertThat(thrown).isInstanceOf(TaskCancelledException.class);
                    assertThat(process.communicate().stdoutText()).isEqualTo("before\nafter\n");
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCommunicateThatIsCancelledAfterTheOutputsEndTakesNothing(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess process = Subprocess.start(shell("echo before; exec >&- 2>&-; exec sleep 100"))) {
                int without = Loop.current().taskCount();
                Task<ProcessResult> communicating = Task.spawn(() -> process.communicate());
                Where.until("its two readers are done, it waits for the exit", () -> {
                    yieldNow();
                    return process.stdout().bytesRead() > 0 && Loop.current().taskCount() == without + 1;
                });
                communicating.cancel();
                assertThatThrownBy(() -> await(communicating)).isInstanceOf(TaskCancelledException.class);
                assertThat(process.stdout().readLine()).isEqualTo("before");
                assertThat(process.stdout().readLine()).isNull();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aLoopThatWaitsForOneIsNotSilent(Where where) throws Exception {
        assertThat(runReporting(where, Loop.builder().silence(Duration.ofMillis(20)), () -> {
                    try (Subprocess slow = Subprocess.start("sleep", "0.3")) {
                        Task<String> reader = Task.spawn(() -> slow.stdout().readLine());
                        slow.waitFor();
                        assertThat(await(reader)).isNull();
                    }
                }))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void itBelongsToItsLoop(Where where) throws Exception {
        run(where, () -> {
            try (Subprocess cat = Subprocess.start("cat")) {
                List<Throwable> thrown = await(Loop.current().blocking(() -> {
                    List<Throwable> seen = new ArrayList<>();
                    seen.add(catchThrowable(() -> cat.stdin().write("x")));
                    seen.add(catchThrowable(() -> cat.stdout().readLine()));
                    seen.add(catchThrowable(() -> cat.stdin().close()));
                    seen.add(catchThrowable(cat::waitFor));
                    seen.add(catchThrowable(cat::close));
                    Loop.run(() -> {
                        seen.add(catchThrowable(cat::waitFor));
                        seen.add(catchThrowable(cat::close));
                    });
                    return seen;
                }));
                assertThat(thrown).hasSize(7).allMatch(LoopMisuseException.class::isInstance);
                assertThat(thrown.get(5))
                        .hasMessageContaining("this process belongs to its loop's thread")
                        .hasMessageContaining("call:   Subprocess.waitFor()");
                assertThat(Map.of("alive", cat.isAlive(), "open", cat.stdin().isOpen()))
                        .doesNotContainValue(false);
            }
        });
    }
}
