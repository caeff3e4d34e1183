package io.coloop.examples.onethread;

import io.coloop.Loop;
import java.util.List;
import java.util.Locale;

/**
 * Starts the server, makes 100 concurrent requests to it twice, prints how the second time went and ends. With {@code --serve} it goes on serving instead, on port 8080 or
 * the one of {@code --port=N}.
 */
public final class Main {
    private static final int REQUESTS = 100;
    private static final int DEFAULT_PORT = 8080;

    private Main() {}

    /** Runs the example. */
    public static void main(String[] arguments) {
        List<String> options = List.of(arguments);
        boolean serve = options.contains("--serve");
        int port = options.stream()
                .filter(option -> option.startsWith("--port="))
                .mapToInt(option -> Integer.parseInt(option.substring("--port=".length())))
                .findFirst()
                .orElse(serve ? DEFAULT_PORT : 0);
        boolean good = true;
        try (Server server = Server.start(port)) {
            if (serve) {
                System.out.println("open " + server.address() + "/ (Ctrl-C ends it)");
                server.serve();
            } else {
                Load.run(server.address(), REQUESTS); // classes load, code compiles
                good = print(Load.run(server.address(), REQUESTS), server.witness());
            }
        }
        if (!good) {
            System.exit(1);
        }
    }

    private static boolean print(Load.Result result, Witness witness) {
        row("requests", "%d", result.requests());
        row("errors", "%d", result.errors());
        row("mode", "%s", Loop.mode());
        row("carrier threads of user code", "%d %s", witness.carriers().size(), witness.carriers());
        row("pieces of user code at once", "%d", witness.mostAtOnce());
        row("p50", "%.1f ms", result.p50());
        row("p99", "%.1f ms", result.p99());
        return result.errors() == 0 && witness.mostAtOnce() == 1;
    }

    @SuppressWarnings("AnnotateFormatMethod") // no dependency for one annotation
    private static void row(String name, String format, Object... values) {
        System.out.printf(Locale.ROOT, "%-30s ", name);
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
