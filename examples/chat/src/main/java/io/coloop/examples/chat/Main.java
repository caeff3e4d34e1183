package io.coloop.examples.chat;

import static io.coloop.Await.blocking;

import io.coloop.Loop;
import io.coloop.TaskGroup;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Pem;
import io.coloop.net.Server;
import io.coloop.net.Tls;
import io.coloop.process.SignalReceiver;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The chat server: one thread for all clients, until it is told to stop. */
public final class Main {
    private Main() {}

    /** Runs it. */
    public static void main(String... arguments) throws Exception {
        Options options;
        try {
            options = Options.of(arguments);
        } catch (IllegalArgumentException unclear) {
            System.err.println(unclear.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        Loop.run(() -> serve(options));
    }

    private static void serve(Options options) throws Exception {
        Room room = new Room();
        try (SignalReceiver signals = SignalReceiver.open("INT", "TERM");
                Server plain = Net.listen(new InetSocketAddress(options.port()));
                Server secure = options.tls() == null ? null : listen(options.tls())) {
            TaskGroup.run(group -> {
                serve(group, plain, room);
                if (secure != null) {
                    serve(group, secure, room);
                }
                System.out.println("SIG" + signals.receive() + ": it ends");
                group.cancel();
            });
        }
    }

    private static void serve(TaskGroup group, Server server, Room room) {
        System.out.println("listening on " + server.localAddress());
        group.spawn(() -> server.serve(room::talk));
    }

    private static Server listen(Options.Encrypted options) throws IOException {
        Tls tls = Tls.server(blocking(() -> Pem.identity(options.certificate(), options.key())));
        return Net.listen(new InetSocketAddress(options.port()), NetOptions.DEFAULT.tls(tls));
    }
}
