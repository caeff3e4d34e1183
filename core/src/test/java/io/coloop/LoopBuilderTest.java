package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Settings that are made by several. */
@Timeout(60)
class LoopBuilderTest {
    @Test
    void theHandlerThatIsSetIsGiven() {
        ExceptionHandler mine = report -> {};
        assertThat(Loop.builder().exceptionHandler()).isSameAs(ExceptionHandler.LOGGING);
        assertThat(Loop.builder().exceptionHandler(mine).exceptionHandler()).isSameAs(mine);
        assertThatThrownBy(() -> Loop.builder().exceptionHandler(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("handler");
    }

    @Test
    void aHandlerThatPassesOnHearsOfEverythingBesidesTheOther() {
        List<String> trail = new ArrayList<>();
        LoopBuilder settings = Loop.builder().exceptionHandler(report -> trail.add("theirs " + report.kind()));
        ExceptionHandler theirs = settings.exceptionHandler();
        settings.exceptionHandler(report -> {
            trail.add("ours " + report.kind());
            theirs.handle(report);
        });
        settings.run(() -> {
            Loop.current().callSoon(() -> {
                throw new IllegalStateException();
            });
            Await.yieldNow();
        });
        assertThat(trail).containsExactly("ours CALLBACK_FAILED", "theirs CALLBACK_FAILED");
    }
}
