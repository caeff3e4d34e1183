package io.coloop.process;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.SignalledJvm;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.sync.QueueShutDownException;
import java.io.BufferedReader;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SIGWINCH and SIGCONT do nothing to a process that does not ask for them, so they are sent to this one; the others to {@link SignalMain}. */
@Timeout(60)
class SignalReceiverTest {
    @BeforeEach
    void signalsCanBeSent() {
        SignalledJvm.assumeSignalsCanBeSent();
    }

    private static void sendHere(String signal) {
        await(Loop.current().blocking(() -> {
            SignalledJvm.send(signal, ProcessHandle.current().pid());
            return "sent";
        }));
    }

    @Test
    void aTaskWaitsForSignals() {
        assertThat(Loop.run(() -> {
                    try (SignalReceiver signals = SignalReceiver.open("WINCH", "CONT")) {
                        Task<String> first = Task.spawn(signals::receive);
                        sendHere("CONT");
                        String second = await(first);
                        sendHere("WINCH");
                        return second + " " + signals.receive();
                    }
                }))
                .isEqualTo("CONT WINCH");
    }

    @Test
    void whatIsPendingCountsOnceAndStaysForWhoComesNext() {
        Loop.run(() -> {
            try (SignalReceiver signals = SignalReceiver.open("WINCH", "CONT")) {
                Task<String> cancelled = Task.spawn(signals::receive);
                yieldNow();
                for (String name : List.of("WINCH", "CONT", "WINCH")) {
                    assertThat(signals.signalled(name)).isTrue();
                }
                cancelled.cancel();
                assertThatThrownBy(() -> await(cancelled)).isInstanceOf(TaskCancelledException.class);
                assertThat(signals.receive()).isEqualTo("WINCH");
                assertThat(signals.receive()).isEqualTo("CONT");
                signals.signalled("WINCH");
                assertThat(signals.receive()).isEqualTo("WINCH");
                Task<String> next = Task.spawn(signals::receive);
                yieldNow();
                assertThat(next.isDone()).isFalse();
                signals.close();
                assertThatThrownBy(() -> await(next)).isInstanceOf(QueueShutDownException.class);
            }
        });
    }

    @Test
    void ofTwoTheNewestReceives() {
        Loop.run(() -> {
            try (SignalReceiver outer = SignalReceiver.open("WINCH")) {
                try (SignalReceiver inner = SignalReceiver.open("WINCH")) {
                    sendHere("WINCH");
                    assertThat(inner.receive()).isEqualTo("WINCH");
                }
                sendHere("WINCH");
                assertThat(outer.receive()).isEqualTo("WINCH");
            }
        });
    }

    @Test
    void whatTheInnerLeavesTheOuterReceives() {
        Loop.run(() -> {
            try (SignalReceiver outer = SignalReceiver.open("WINCH")) {
                SignalReceiver inner = SignalReceiver.open("WINCH");
                inner.signalled("WINCH");
                yieldNow();
                inner.close();
                assertThat(outer.receive()).isEqualTo("WINCH");
            }
        });
    }

    @Test
    void theLoopClosesIt() {
        SignalReceiver[] left = new SignalReceiver[1];
        Loop.run(() -> {
            left[0] = SignalReceiver.open("WINCH");
        });
        assertThat(left[0]).hasToString("SignalReceiver[WINCH][closed]");
        assertThat(left[0].signalled("WINCH")).isFalse();
    }

    @Test
    void whatNobodyMayReceiveIsRefusedAsAWhole() {
        Loop.run(() -> {
            assertThatThrownBy(() -> SignalReceiver.open("WINCH", "KILL"))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageStartingWith("SIGKILL cannot be handled");
            assertThatThrownBy(() -> SignalReceiver.open("NONSENSE"))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("NONSENSE");
            assertThatThrownBy(SignalReceiver::open).isInstanceOf(IllegalArgumentException.class);
            assertThat(Loop.current().closeHookCount()).isZero();
        });
        assertThatThrownBy(() -> SignalReceiver.open("WINCH")).isInstanceOf(LoopMisuseException.class);
    }

    // ---- signals that end a process

    @Test
    void aProgramEndsInItsOwnWay() throws Exception {
        Process process = SignalledJvm.start(SignalMain.class, "serve");
        BufferedReader output = process.inputReader();
        assertThat(output.readLine()).isEqualTo("ready");
        for (String signal : List.of("HUP", "INT", "TERM")) {
            SignalledJvm.send(signal, process.pid());
            assertThat(output.readLine()).isEqualTo("received " + signal);
        }
        assertThat(output.readLine()).isEqualTo("end");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void whatIsNotReceivedEndsTheProcessAfterAll() throws Exception {
        Process process = SignalledJvm.start(SignalMain.class, "leave");
        BufferedReader output = process.inputReader();
        assertThat(output.readLine()).isEqualTo("ready");
        SignalledJvm.send("TERM", process.pid());
        assertThat(output.readLine()).isEqualTo("arrived");
        assertThat(output.readLine()).isNull();
        assertThat(process.waitFor()).isEqualTo(128 + 15);
    }
}
