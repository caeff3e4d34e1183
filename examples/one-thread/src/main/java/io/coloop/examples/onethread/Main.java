package io.coloop.examples.onethread;

import io.coloop.Loop;
import java.util.Locale;
import reactor.netty.ChannelBindException;

/**
 * Starts the server, makes 100 concurrent requests to it twice, prints how the second time went and ends. With {@code --serve} it goes on serving instead; see
 * {@link Options}.
 */
public final class Main {
    private static final int REQUESTS = 100;
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    private Main() {}

    /** Runs the example. */
    public static void main(String[] arguments) {
        int status = run(arguments);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Runs it and returns its exit status. */
    static int run(String... arguments) {
        Options options;
        try {
            options = Options.of(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.print(wrong.getMessage() + "\n" + Options.USAGE);
            return MISUSED;
        }
        if (options.withParent()) {
            ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(0)));
        }
        try (Server server = Server.start(options.port())) {
            if (options.serve()) {
                System.out.println("open " + server.address() + "/ (Ctrl-C ends it)");
                server.serve();
                return 0;
            }
            Load.run(server.address(), REQUESTS); // classes load, code compiles
            return print(Load.run(server.address(), REQUESTS), server.witness()) ? 0 : FAILED;
        } catch (ChannelBindException taken) {
            System.err.println("port " + options.port() + " cannot be used (" + taken.getMessage()
                    + "); choose another with --port=N");
            return FAILED;
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
