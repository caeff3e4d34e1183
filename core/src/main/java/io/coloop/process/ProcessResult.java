package io.coloop.process;

import java.nio.charset.StandardCharsets;

/** How a process ended and what it wrote. Immutable but for the arrays. */
public final class ProcessResult {
    private final int exitCode;
    private final byte[] stdout;
    private final byte[] stderr;

    ProcessResult(int exitCode, byte[] stdout, byte[] stderr) {
        this.exitCode = exitCode;
        this.stdout = stdout;
        this.stderr = stderr;
    }

    /** Its exit code, by convention 0 if all went well; 128 and the signal's number if a signal ended it. */
    public int exitCode() {
        return exitCode;
    }

    /** What it wrote, empty if that went elsewhere. Not a copy. */
    public byte[] stdout() {
        return stdout;
    }

    /** What it wrote as errors, empty if that went elsewhere. Not a copy. */
    public byte[] stderr() {
        return stderr;
    }

    /** {@link #stdout} as UTF-8. */
    public String stdoutText() {
        return new String(stdout, StandardCharsets.UTF_8);
    }

    /** {@link #stderr} as UTF-8. */
    public String stderrText() {
        return new String(stderr, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "ProcessResult[" + exitCode + ", " + stdout.length + " bytes of stdout, " + stderr.length
                + " of stderr]";
    }
}
