package io.coloop.examples.onethread;

/** What the command line asks for. */
record Options(boolean serve, int port, boolean withParent) {
    static final String USAGE = """
            options:
              --serve        go on serving, instead of making requests and ending
              --port=N       serve on this port (8080 with --serve, else a free one)
              --with-parent  end when the process ends that started this one
            """;

    private static final String PORT = "--port=";
    private static final int DEFAULT_PORT = 8080;
    private static final int MAX_PORT = 65_535;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException if it cannot be understood; the message says what
     */
    static Options of(String... arguments) {
        boolean serve = false;
        boolean withParent = false;
        int port = -1;
        for (String argument : arguments) {
            if (argument.equals("--serve")) {
                serve = true;
            } else if (argument.equals("--with-parent")) {
                withParent = true;
            } else if (argument.startsWith(PORT)) {
                port = port(argument.substring(PORT.length()));
            } else {
                throw new IllegalArgumentException("unknown option: " + argument);
            }
        }
        return new Options(serve, port >= 0 ? port : serve ? DEFAULT_PORT : 0, withParent);
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // as if it were out of range
        }
        throw new IllegalArgumentException("not a port: " + text);
    }
}
