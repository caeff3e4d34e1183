package io.coloop;

import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Without a descriptor the JDK's logging throws; so may a user's handler. */
class BrokenLoggingTest {
    @Test
    void whoReportsGoesOnWhenLoggingFailsToo() {
        Loop.run(() -> {}); // the first loop of a JVM may log its mode
        AtomicInteger tried = new AtomicInteger();
        Handler broken = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                tried.incrementAndGet();
                throw new NoClassDefFoundError("as without descriptors");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("io.coloop");
        logger.addHandler(broken);
        logger.setUseParentHandlers(false);
        try {
            String result = Loop.builder()
                    .exceptionHandler(report -> {
                        throw new AssertionError("a broken handler");
                    })
                    .run(() -> {
                        Loop.current().callSoon(() -> {
                            throw new IllegalStateException("reported");
                        });
                        yieldNow();
                        yieldNow();
                        return "went on";
                    });
            assertThat(result).isEqualTo("went on");
            assertThat(tried).hasPositiveValue();
        } finally {
            logger.removeHandler(broken);
            logger.setUseParentHandlers(true);
        }
    }
}
