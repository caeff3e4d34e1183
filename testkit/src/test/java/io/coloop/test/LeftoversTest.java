package io.coloop.test;

import static org.assertj.core.api.Assertions.assertThat;

import app.Leaks;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a failure for leftovers says: how many, who they are, and where they come from. */
class LeftoversTest {
    private static List<String> linesOf(String sample) {
        return Arrays.stream(Run.of(Leaks.class, sample).failure().getMessage().split("\n", -1))
                .map(line -> line.replaceAll("java:\\d+", "java").replaceAll("lambda\\$(\\w+)\\$\\d+", "$1"))
                .toList();
    }

    @Test
    void aTaskSaysWhatItAwaitsAndWhereItWasSpawned() {
        assertThat(linesOf("task"))
                .containsExactly(
                        "the test left something behind:",
                        "  tasks: 1",
                        "    forgotten awaits a promise made at app.Leaks.task(Leaks.java) at app.Leaks.task(Leaks.java), spawned at app.Leaks.task(Leaks.java)");
    }

    @Test
    void aTimerSaysWhereItWasSet() {
        assertThat(linesOf("timer"))
                .containsExactly(
                        "the test left something behind:",
                        "  timers: 1",
                        "    timer due in PT1M, set at app.Leaks.timer(Leaks.java)");
    }

    @Test
    void aCloseHookSaysWhereItWasRegistered() {
        assertThat(linesOf("stream"))
                .containsExactly(
                        "the test left something behind:",
                        "  close hooks: 1",
                        "    close hook registered at app.Leaks$Rows.<init>(Leaks.java)");
    }

    @Test
    void aSubscriptionSaysToWhatAndWhereItWasBegun() {
        assertThat(linesOf("subscription"))
                .containsExactly(
                        "the test left something behind:",
                        "  subscriptions: 1",
                        "    subscription to Prices, begun at app.Leaks.subscription(Leaks.java)");
        assertThat(Run.of(Leaks.class, "cancelledSubscription").passed()).isTrue();
    }

    @Test
    void aCloseHookOfTheLoopsOwnMayBeLeft() {
        assertThat(Run.of(Leaks.class, "pool").passed()).isTrue();
    }

    @Test
    void aStreamThatIsClosedLeavesNothing() {
        assertThat(Run.of(Leaks.class, "closedStream").passed()).isTrue();
    }

    @Test
    void aCallbackThatPostsItselfForEverSaysWhereItWasMade() {
        assertThat(linesOf("callback"))
                .containsExactly(
                        "the test left something behind:", "  ready items: 1", "    callback made in app.Leaks$Again");
    }

    @Test
    void aForeignOperationSaysWhereItWasDeclared() {
        assertThat(linesOf("foreignOperation"))
                .containsExactly(
                        "the test left something behind:",
                        "  foreign operations: 1",
                        "    declared at app.Leaks.foreignOperation(Leaks.java)");
    }

    @Test
    void theyAreToldTogether() {
        assertThat(linesOf("everything").stream().filter(line -> line.matches("  \\w.*")))
                .containsExactly(
                        "  tasks: 1", "  ready items: 1", "  timers: 2", "  close hooks: 1", "  foreign operations: 1");
    }

    @Test
    void anUnobservedFailureIsNamed() {
        assertThat(Run.of(Leaks.class, "failure").printed())
                .contains(
                        "  reports: 1\n    UNOBSERVED_FAILURE: charge failed and nobody awaited it",
                        "the card is expired",
                        "charge was spawned here",
                        "at app.Leaks.failure(Leaks.java:");
    }
}
