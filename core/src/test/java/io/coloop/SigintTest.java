package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SIGINT ends a process that does not handle it, so each test sends it to one of its own: {@link SigintMain}. */
@Timeout(60)
class SigintTest {
    private static final int BY_SIGINT = 128 + 2;

    private Process process;
    private BufferedReader output;

    @BeforeEach
    void signalsCanBeSent() {
        SignalledJvm.assumeSignalsCanBeSent();
    }

    @AfterEach
    void end() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private void start(String scenario, String... options) throws IOException {
        process = SignalledJvm.start(SigintMain.class, scenario, options);
        output = process.inputReader();
    }

    private void sendSigint() throws IOException, InterruptedException {
        SignalledJvm.send("INT", process.pid());
    }

    private void expect(String... lines) throws IOException {
        for (String line : lines) {
            assertThat(output.readLine()).isEqualTo(line);
        }
    }

    private void expectEnd(int exitCode) throws IOException, InterruptedException {
        expect((String) null);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(exitCode);
    }

    @Test
    void theFirstCancelsTheMainTask() throws Exception {
        start("first");
        expect("ready");
        sendSigint();
        expect("cleaned up", "cancelled: SIGINT", "end");
        expectEnd(0);
    }

    @Test
    void theSecondStopsTheLoop() throws Exception {
        start("second");
        expect("ready");
        sendSigint();
        expect("ignored", "ready");
        sendSigint();
        expect(
                "LEFT_AT_CLOSE: main did not end before a second SIGINT stopped the loop",
                "LEFT_AT_CLOSE: CloseHook[of the test] did not run before a second SIGINT stopped the loop",
                "cancelled: a second SIGINT stopped the loop",
                "end");
        expectEnd(0);
    }

    @Test
    void theSecondFreesTheCallerEvenIfSomethingHoldsTheLoop() throws Exception {
        start("held");
        expect("ready");
        sendSigint();
        expect("signalled"); // a system keeps only one that is pending
        sendSigint();
        expect(
                "LEFT_AT_CLOSE: something holds the loop, so it cannot close; its thread is given up",
                "cancelled: a second SIGINT stopped the loop",
                "end");
        expectEnd(0);
    }

    @Test
    void oneThatComesWhenTheMainTaskIsDoneStopsTheLoop() throws Exception {
        start("closing");
        expect("ready");
        sendSigint();
        assertThat(output.readLine()).startsWith("LEFT_AT_CLOSE: task-");
        expect("cancelled: SIGINT stopped the loop", "suppressed: java.lang.IllegalStateException: expected", "end");
        expectEnd(0);
    }

    @Test
    void theFormerReactionIsRestored() throws Exception {
        start("restored");
        expect("returned", "ready");
        sendSigint();
        expect("former reaction", "restored", "end");
        expectEnd(0);
    }

    @Test
    void runsThatOverlapShareTheReactionAndTheLastRestoresIt() throws Exception {
        start("nested");
        expect("returned", "ready");
        sendSigint();
        expect("cancelled: SIGINT", "ready");
        sendSigint();
        expectEnd(BY_SIGINT);
    }

    @Test
    void aReactionInstalledMeanwhileIsLeft() throws Exception {
        start("replaced");
        expect("returned", "ready");
        sendSigint();
        expect("kept", "end");
        expectEnd(0);
    }

    @Test
    void whereNobodyMayHandleItRunSaysSo() throws Exception {
        start("impossible", "-Xrs");
        assertThat(output.readLine()).startsWith("SIGINT cannot be handled; was the JVM started with -Xrs?");
        expect("ran without", "end");
        expectEnd(0);
    }

    @Test
    void withoutItsModuleRunSaysSo() throws Exception {
        start("impossible", "--limit-modules", "java.base,java.logging,java.management");
        assertThat(output.readLine())
                .isEqualTo("SIGINT cannot be handled: this Java runtime has no module jdk.unsupported;"
                        + " add it to the image, or do without");
        expect("ran without", "end");
        expectEnd(0);
    }
}
