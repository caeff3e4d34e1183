package io.coloop.spring;

import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.ExceptionHandler;
import io.coloop.Loop;
import io.coloop.Report;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Who hears of what loops report. */
@Timeout(60)
class LoggedReportsTest {
    private static final Throwable STACK = new IllegalStateException("its stack");

    private final AtomicLong time = new AtomicLong(7);

    private List<LogRecord> logged(ExceptionHandler handler, Report.Kind kind) {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Handler listener = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                records.add(logged);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("io.coloop");
        logger.addHandler(listener);
        try (Loop loop = Loop.start("loop")) {
            records.clear();
            handler.handle(new Report(kind, loop, "what happened", STACK, null, null));
        } finally {
            logger.removeHandler(listener);
        }
        return records;
    }

    @Test
    void aSlowItemWhileClassesLoadIsOneLine() {
        ExceptionHandler handler = new LoggedReports(time::get);
        time.addAndGet(LoggedReports.COLD_START.toNanos() - 1);
        assertThat(logged(handler, Report.Kind.SLOW_ITEM)).singleElement().satisfies(line -> {
            assertThat(line.getLevel()).isEqualTo(Level.WARNING);
            assertThat(line.getThrown()).isNull();
            assertThat(line.getMessage())
                    .isEqualTo(
                            "SLOW_ITEM on loop loop: what happened"
                                    + " (within 10 s of the first request, when classes load; later ones are logged with their stacks)");
        });
    }

    @Test
    void laterItHasItsStack() {
        ExceptionHandler handler = new LoggedReports(time::get);
        time.addAndGet(LoggedReports.COLD_START.toNanos());
        assertThat(logged(handler, Report.Kind.SLOW_ITEM))
                .singleElement()
                .satisfies(line -> isInFull(line, Level.WARNING));
    }

    private static void isInFull(LogRecord line, Level level) {
        assertThat(line.getLevel()).isEqualTo(level);
        assertThat(line.getThrown()).isSameAs(STACK);
        assertThat(line.getMessage()).endsWith(" on loop loop: what happened");
    }

    @Test
    void oneThatHoldsTheLoopForLongHasItAtOnce() {
        assertThat(logged(new LoggedReports(time::get), Report.Kind.STUCK_LOOP))
                .singleElement()
                .satisfies(line -> isInFull(line, Level.SEVERE));
    }

    @Test
    void whatComesTooLateForAClientIsForDebugging() {
        assertThat(logged(new LoggedReports(time::get), Report.Kind.LATE_VALUE)).isEmpty();
    }

    @RestController
    static class Slow {
        @GetMapping("/slow/{what}")
        String slow(@PathVariable String what) throws InterruptedException {
            Thread.sleep(60); // blocking the loop is the subject
            sleep(Duration.ofMillis(1));
            return what;
        }
    }

    /** Without a handler bean, and with one in a customizer that passes on. */
    static class PassingOn {
        final Queue<Report> seen = new ConcurrentLinkedQueue<>();

        @Bean
        LoopCustomizer passingOn() {
            return settings -> {
                ExceptionHandler before = settings.exceptionHandler();
                settings.slowItem(Duration.ofMillis(20)).exceptionHandler(report -> {
                    seen.add(report);
                    before.handle(report);
                });
            };
        }
    }

    @Test
    void aCustomizersHandlerPassesOnAndReportsAreCountedAllTheSame() {
        try (RunningApp app = RunningApp.start(List.of(Slow.class, PassingOn.class))) {
            assertThat(app.get("/slow/tea?with=milk")).isEqualTo("tea");
            assertThat(app.bean(PassingOn.class).seen).extracting(Report::kind).contains(Report.Kind.SLOW_ITEM);
            assertThat(LoopReports.count(app.loop(), Report.Kind.SLOW_ITEM)).isPositive();
            app.takeReports();
        }
    }

    @Test
    void aReportNamesTheRequest() {
        try (RunningApp app = RunningApp.start(List.of(Slow.class, PassingOn.class))) {
            app.get("/slow/tea?with=milk");
            assertThat(app.bean(PassingOn.class).seen)
                    .anySatisfy(
                            report -> assertThat(report.message()).startsWith("GET /slow/{what} holds the loop for "));
            app.takeReports();
        }
    }
}
