package io.coloop.io;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Report;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.VoidBody;
import io.coloop.net.Where;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files on both kinds of loops; each test must leave no descriptor. */
@Timeout(60)
class FileStreamTest {
    @TempDir
    private Path directory;

    private Path file(String name) {
        return directory.resolve(name);
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(file(name), content);
    }

    private void run(Where where, VoidBody<?> body) throws Exception {
        assertThat(runReporting(where, body)).isEmpty();
    }

    private List<Report> runReporting(Where where, VoidBody<?> body) throws Exception {
        List<Report> reports = where.runReporting(body);
        assertThat(openHere()).isEmpty();
        return reports;
    }

    private List<String> openHere() throws IOException {
        List<String> open = new ArrayList<>();
        Path descriptors = Path.of("/proc/self/fd");
        if (Files.isDirectory(descriptors)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
                for (Path one : all) {
                    try {
                        String what = Files.readSymbolicLink(one).toString();
                        if (what.startsWith(directory.toRealPath().toString())) {
                            open.add(what);
                        }
                    } catch (IOException gone) {
                        // the listing's own
                    }
                }
            }
        }
        return open;
    }

    @ParameterizedTest
    @EnumSource
    void writtenAndRead(Where where) throws Exception {
        run(where, () -> {
            Path path = file("both");
            try (FileStream file = FileStream.open(path, READ, WRITE, CREATE_NEW)) {
                assertThat(file.size()).isZero();
                assertThat(file.readLine()).isNull();
                file.write("one\ntwö\r\nthree");
                assertThat(file.position()).isEqualTo(15);
                assertThat(file.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                file.position(0);
                assertThat(file.readLine()).isEqualTo("one");
                assertThat(file.position()).isEqualTo(4);
                assertThat(file.readLine()).isEqualTo("twö");
                assertThatThrownBy(() -> file.readExactly(6))
                        .isInstanceOf(IncompleteReadException.class)
                        .hasMessage("the input ended after 5 bytes of 6");
                assertThat(file.readLine()).isNull();
                file.write(ByteBuffer.wrap(" four\n".getBytes(UTF_8)));
                file.write("five\n".getBytes(UTF_8));
                file.force();
                assertThat(file.size()).isEqualTo(26);
                file.position(10);
                assertThat(file.input().readUntil(new byte[] {'f'}, 10))
                        .asString()
                        .isEqualTo("three f");
                assertThat(file).hasToString("FileStream[" + path + ", open]");
                assertThat(Files.readString(path)).endsWith("three four\nfive\n");
            }
            assertThatThrownBy(() -> FileStream.open(path, WRITE, CREATE_NEW))
                    .isInstanceOf(FileAlreadyExistsException.class);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aWriteGoesWhereTheReaderIs(Where where) throws Exception {
        Path path = file("mixed", "aaaaaaaaaa\nbbb");
        run(where, () -> {
            try (FileStream file = FileStream.open(path, READ, WRITE)) {
                assertThat(file.readExactly(3)).asString().isEqualTo("aaa");
                file.write("XY");
                assertThat(file.position()).isEqualTo(5);
                assertThat(file.readLine()).isEqualTo("aaaaa");
                file.position(2);
                assertThat(file.readLine()).isEqualTo("aXYaaaaa");
                file.position(100);
                assertThat(file.readLine()).isNull();
                file.position(16);
                file.write("!");
                assertThat(file.size()).isEqualTo(17);
            }
        });
        assertThat(path).content().isEqualTo("aaaXYaaaaa\nbbb\0\0!");
    }

    @ParameterizedTest
    @EnumSource
    void appended(Where where) throws Exception {
        Path path = file("log", "one\n");
        run(where, () -> {
            try (FileStream file = FileStream.open(path, APPEND)) {
                assertThat(file.position()).isEqualTo(4);
                file.write("two\n");
                Files.writeString(path, "other\n", APPEND);
                file.write("three\n");
            }
        });
        assertThat(path).content().isEqualTo("one\ntwo\nother\nthree\n");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsAppendedAfterTheEndIsReadLater(Where where) throws Exception {
        Path path = file("growing", "one\n");
        run(where, () -> {
            try (FileStream file = FileStream.open(path)) {
                assertThat(file.readLine()).isEqualTo("one");
                assertThat(file.readLine()).isNull();
                Files.writeString(path, "two\n", APPEND);
                assertThat(file.readLine()).isEqualTo("two");
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void muchThereAndBackAsTheJdksStreams(Where where) throws Exception {
        Path path = file("lines");
        run(where, () -> {
            try (BufferedWriter out = new BufferedWriter(
                    new OutputStreamWriter(FileStream.open(path, WRITE, CREATE).outputStream(), UTF_8))) {
                for (int i = 0; i < 100_000; i++) {
                    out.write("line " + i + "\n");
                }
            }
            try (BufferedReader in = new BufferedReader(
                    new InputStreamReader(FileStream.open(path).inputStream(), UTF_8))) {
                assertThat(in.lines().count()).isEqualTo(100_000);
            }
            byte[] all = new byte[3_000_001];
            new Random(3).nextBytes(all);
            try (FileStream file = FileStream.open(path, READ, WRITE)) {
                file.write(all);
                file.position(0);
                assertThat(Arrays.equals(file.readExactly(all.length), all)).isTrue();
                file.position(1);
                assertThat(file.input().readAll(all.length)).hasSize(all.length - 1);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void smallReadsShareAThreadsTurn(Where where) throws Exception {
        Path path = file("small", "x".repeat(60_000));
        run(where, () -> {
            try (FileStream file = FileStream.open(path)) {
                file.readExactly(1);
                CountDownLatch go = new CountDownLatch(1);
                List<io.coloop.Future<Object>> occupied = occupyAllThreads(go); // none is left that could read
                for (int i = 0; i < 50_000; i++) {
                    assertThat(file.inputStream().read()).isEqualTo('x');
                }
                go.countDown();
                occupied.forEach(each -> await(each));
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledReadTakesNothing(Where where) throws Exception {
        StringBuilder numbers = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            numbers.append(100_000 + i).append('\n');
        }
        Path path = file("cancelled", numbers.toString());
        run(where, () -> {
            try (FileStream file = FileStream.open(path)) {
                AtomicInteger cancelled = new AtomicInteger();
                for (int i = 0; i < 40; i++) {
                    long before = file.position();
                    Task<byte[]> reader = Task.spawn(() -> file.readExactly(100_000));
                    for (int turn = 0; turn < i % 4; turn++) {
                        yieldNow();
                    }
                    reader.cancel();
                    if (catchThrowable(() -> await(reader)) instanceof TaskCancelledException) {
                        cancelled.incrementAndGet();
                    } else {
                        file.position(before);
                    }
                    assertThat(file.readLine()).isEqualTo("" + (100_000 + i));
                    assertThat(file.position()).isEqualTo(before + 7);
                }
                assertThat(cancelled.get()).isPositive();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledWriteCutsTheOutput(Where where) throws Exception {
        Path path = file("cut", "");
        run(where, () -> {
            try (FileStream file = FileStream.open(path, WRITE)) {
                CountDownLatch go = new CountDownLatch(1);
                List<io.coloop.Future<Object>> occupied = occupyAllThreads(go);
                ByteBuffer buffer = ByteBuffer.allocate(10_000_000);
                Task<Void> writer = Task.spawn(() -> file.write(buffer));
                yieldNow();
                yieldNow();
                writer.cancel();
                assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
                assertThat(buffer.position()).isBetween(1, 9_999_999);
                assertThat(file.position()).isEqualTo(buffer.position());
                assertThat(file.output().isCut()).isTrue();
                assertThatThrownBy(() -> file.write("x")).isInstanceOf(IOException.class);
                Task<Void> closing = Task.spawn(file::close);
                yieldNow();
                go.countDown();
                occupied.forEach(each -> await(each));
                await(closing);
                assertThat(path)
                        .as("what was taken is written, though no thread had begun it")
                        .hasSize(buffer.position());
            }
        });
    }

    private static List<io.coloop.Future<Object>> occupyAllThreads(CountDownLatch until) {
        return IntStream.range(0, 32)
                .mapToObj(i -> Loop.current().<Object>blocking(() -> {
                    until.await();
                    return "";
                }))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void whatWasTakenIsWrittenThoughTheLoopEndsFirst(Where where) throws Exception {
        Path path = file("late", "");
        CountDownLatch go = new CountDownLatch(1);
        List<Report> reports = where.runReporting(Loop.builder().shutdownTimeout(Duration.ofMillis(300)), () -> {
            FileStream file = FileStream.open(path, WRITE);
            occupyAllThreads(go);
            Task<Void> writer = Task.spawn(() -> file.write("taken"));
            yieldNow();
            writer.cancel();
            assertThatThrownBy(() -> await(writer)).isInstanceOf(TaskCancelledException.class);
            assertThat(file.output().bytesWritten()).isEqualTo(5);
            file.output().close();
        });
        go.countDown();
        assertThat(reports)
                .extracting(Report::kind)
                .as("the jobs that hold the threads")
                .containsOnly(Report.Kind.LEFT_AT_CLOSE);
        Where.until("it is written", () -> {
            try {
                return Files.readString(path).equals("taken") && openHere().isEmpty();
            } catch (IOException failure) {
                throw new AssertionError(failure);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void usedByOneTaskAtATime(Where where) throws Exception {
        Path path = file("shared", "x".repeat(100));
        run(where, () -> {
            try (FileStream file = FileStream.open(path, READ, WRITE)) {
                CountDownLatch go = new CountDownLatch(1);
                List<io.coloop.Future<Object>> occupied = occupyAllThreads(go);
                Task<byte[]> reader = Task.spawn(() -> file.readExactly(100));
                yieldNow();
                assertThatThrownBy(() -> file.position(50))
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("one task at a time reads from a stream")
                        .hasMessageContaining("call:   FileStream.position(...)");
                assertThatThrownBy(() -> file.write("y"))
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("call:   FileStream.write(...)");
                go.countDown();
                assertThat(await(reader)).containsOnly('x').hasSize(100);
                occupied.forEach(each -> await(each));
                assertThat(file.output().isCut()).isFalse();

                file.position(0);
                CountDownLatch goOn = new CountDownLatch(1);
                List<io.coloop.Future<Object>> occupiedAgain = occupyAllThreads(goOn);
                Task<Void> writer = Task.spawn(() -> file.write("y"));
                yieldNow();
                assertThatThrownBy(() -> file.readExactly(1))
                        .isInstanceOf(LoopMisuseException.class)
                        .hasMessageContaining("one task at a time uses a file");
                goOn.countDown();
                await(writer);
                occupiedAgain.forEach(each -> await(each));
                assertThat(file.readExactly(1)).containsExactly('x');
            }
        });
        assertThat(path).content().isEqualTo("y" + "x".repeat(99));
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeOpened(Where where) throws Exception {
        Path path = file("there", "");
        run(where, () -> {
            assertThatThrownBy(() -> FileStream.open(file("not there"))).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> FileStream.open(path, READ, APPEND)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> FileStream.open(null)).hasMessage("path");
            assertThatThrownBy(() -> {
                        try (FileStream itself = FileStream.open(directory)) {
                            itself.readLine();
                        }
                    })
                    .isInstanceOf(IOException.class);
            try (FileStream file = FileStream.open(path)) {
                assertThatThrownBy(() -> file.position(-1)).hasMessage("position is negative: -1");
                assertThatThrownBy(() -> file.write("x"))
                        .isInstanceOf(java.nio.channels.NonWritableChannelException.class);
            }
        });
        assertThatThrownBy(() -> FileStream.open(path)).isInstanceOf(LoopMisuseException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledOpenLeavesNoDescriptor(Where where) throws Exception {
        Path path = file("opened", "");
        run(where, () -> {
            for (int i = 0; i < 50; i++) {
                Task<FileStream> opening = Task.spawn(() -> FileStream.open(path));
                for (int turn = 0; turn < i % 5; turn++) {
                    yieldNow();
                }
                opening.cancel();
                if (catchThrowable(() -> await(opening)) == null) {
                    await(opening).close();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void closedUnderItsReader(Where where) throws Exception {
        Path path = file("closed", "x".repeat(1000));
        run(where, () -> {
            FileStream file = FileStream.open(path);
            Task<byte[]> reader = Task.spawn(() -> file.readExactly(1001));
            yieldNow();
            file.close();
            file.close();
            assertThatThrownBy(() -> await(reader)).hasCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(file::readLine).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> file.write("x")).isInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
            assertThat(Loop.current().closeHookCount()).isZero();
        });
    }

    @ParameterizedTest
    @EnumSource
    void oneThatIsLeftOpenIsClosedAndReported(Where where) throws Exception {
        Path path = file("left", "");
        assertThat(runReporting(where, () -> {
                    FileStream.open(path);
                }))
                .singleElement()
                .satisfies(report -> {
                    assertThat(report.kind()).isEqualTo(Report.Kind.LEFT_AT_CLOSE);
                    assertThat(report.message())
                            .isEqualTo(
                                    "FileStream[" + path + ", open] was open when the loop closed; it is closed now");
                });
    }

    @ParameterizedTest
    @EnumSource
    void itBelongsToItsLoop(Where where) throws Exception {
        Path path = file("confined", "x");
        run(where, () -> {
            try (FileStream file = FileStream.open(path)) {
                List<Throwable> thrown = await(Loop.current()
                        .blocking(() -> List.of(
                                catchThrowable(file::readLine),
                                catchThrowable(() -> file.write("x")),
                                catchThrowable(file::size),
                                catchThrowable(file::position),
                                catchThrowable(() -> file.position(1)),
                                catchThrowable(file::close))));
                assertThat(thrown).hasSize(6).allMatch(LoopMisuseException.class::isInstance);
                assertThat(file.readExactly(1)).containsExactly('x');
            }
        });
    }
}
