package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** {@link ExceptionHandler#LOGGING}: what an operator reads. */
class LoggingTest {
    private final List<LogRecord> records = new ArrayList<>();

    private LogRecord logged(Report.Kind kind, Throwable failure) {
        Handler recording = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                records.add(entry);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Loop loop = Loop.start("orders");
        Logger logger = Logger.getLogger("io.coloop");
        logger.addHandler(recording);
        logger.setUseParentHandlers(false);
        try {
            ExceptionHandler.LOGGING.handle(new Report(kind, loop, "what happened", failure, null, null));
        } finally {
            logger.removeHandler(recording);
            logger.setUseParentHandlers(true);
            loop.close();
        }
        assertThat(records).hasSize(1);
        return records.getFirst();
    }

    @Test
    void anErrorHasItsStackTrace() {
        IllegalStateException failure = new IllegalStateException("f");
        LogRecord logged = logged(Report.Kind.CALLBACK_FAILED, failure);
        assertThat(logged.getLevel()).isEqualTo(Level.SEVERE);
        assertThat(logged.getThrown()).isSameAs(failure);
        assertThat(logged.getMessage()).isEqualTo("CALLBACK_FAILED on loop orders: what happened");
    }

    @Test
    void aPeerThatLeftIsOneLine() {
        LogRecord logged = logged(Report.Kind.CONNECTION_FAILED, new SocketException("Connection reset"));
        assertThat(logged.getLevel()).isEqualTo(Level.WARNING);
        assertThat(logged.getThrown()).isNull();
    }
}
