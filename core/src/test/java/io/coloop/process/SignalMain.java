package io.coloop.process;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;

import io.coloop.Loop;
import io.coloop.Promise;

/** The program that {@link SignalReceiverTest} starts and sends signals to. What it prints is what the test looks at. */
final class SignalMain {
    private SignalMain() {}

    public static void main(String[] arguments) {
        Loop.builder().handleSigint(true).run(() -> {
            SignalReceiver signals = SignalReceiver.open("HUP", "INT", "TERM");
            System.out.println("ready");
            switch (arguments[0]) {
                case "serve" -> serve(signals);
                case "leave" -> leave(signals);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        });
        System.out.println("end");
    }

    private static void serve(SignalReceiver signals) {
        String signal = "";
        while (!signal.equals("TERM")) {
            signal = signals.receive();
            System.out.println("received " + signal);
        }
    }

    private static void leave(SignalReceiver signals) {
        while (!signals.hasPending()) {
            yieldNow();
        }
        System.out.println("arrived");
        signals.close();
        await(Promise.<Void>create().future());
    }
}
