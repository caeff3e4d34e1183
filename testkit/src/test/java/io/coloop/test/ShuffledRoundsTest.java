package io.coloop.test;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import io.coloop.Loop;
import io.coloop.Promise;
import io.coloop.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Runs the samples below and looks at their rounds. */
@ResourceLock("trails")
class ShuffledRoundsTest {
    private static final List<List<String>> TRAILS = new CopyOnWriteArrayList<>();

    @BeforeEach
    void forget() {
        TRAILS.clear();
    }

    private static Run run(String sample, String... parameters) {
        return Run.of(Samples.class, sample, parameters);
    }

    private static String seedIn(String text) {
        Matcher seed = Pattern.compile("seed (-?\\d+)").matcher(text);
        assertThat(seed.find()).as(text).isTrue();
        return seed.group(1);
    }

    @Test
    void eachRoundHasAFreshSeedInItsName() {
        Run run = run("marksItsOrder");
        assertThat(run.passed()).isTrue();
        assertThat(run.names()).hasSize(20).allMatch(name -> name.matches("\\[\\d+] seed \\d+"));
        assertThat(new HashSet<>(TRAILS)).hasSizeGreaterThan(10);
        assertThat(run("marksItsOrder").names()).doesNotContainAnyElementsOf(run.names());
    }

    @Test
    void theSameSeedGivesTheSameOrder() {
        for (int i = 0; i < 2; i++) {
            assertThat(run("marksItsOrder", ShuffledTest.SEED, "1234567890123").names())
                    .containsExactly("[1] seed 1234567890123");
        }
        assertThat(TRAILS).hasSize(2);
        assertThat(TRAILS.get(1)).isEqualTo(TRAILS.get(0)).hasSize(24);
    }

    @Test
    void firstInFirstOutNeverShowsTheBug() {
        for (int i = 0; i < 20; i++) {
            assertThat(run("withdrawsTwiceInOrder").passed()).isTrue();
        }
    }

    @Test
    void shuffledShowsItAndThePrintedSeedShowsItAgain() {
        Run found = run("withdrawsTwice");
        assertThat(found.failure()).isInstanceOf(AssertionError.class).hasMessageContaining("-40");
        String seed = seedIn(found.names().get(found.names().size() - 1));
        assertThat(found.printed())
                .contains("tasks ran in the order of seed " + seed + "; to run it again: @ShuffledTest(seeds = " + seed
                        + ") or -Dcoloop.test.seed=" + seed);

        for (int i = 0; i < 3; i++) {
            Run again = run("withdrawsTwice", ShuffledTest.SEED, seed);
            assertThat(again.names()).containsExactly("[1] seed " + seed);
            assertThat(again.failure()).hasMessage(found.failure().getMessage());
        }
    }

    @Test
    void theFirstRoundThatFailsIsTheLast() {
        assertThat(run("fails").names()).hasSize(1);
    }

    @Test
    void theBugIsFoundWithinAFewRounds() {
        int rounds = 0;
        for (int i = 0; i < 10; i++) {
            rounds += run("withdrawsTwice").names().size();
        }
        assertThat(rounds)
                .isLessThan(100); // each has a chance of a half at least: that 10 tries take 100 is nothing to wait for
    }

    @Test
    void givenSeedsAreTheRounds() {
        assertThat(run("hasSeeds").names()).containsExactly("[1] seed 3", "[2] seed -5");
    }

    @Test
    void aSeedThatIsNoIntIsPrintedAsALong() {
        assertThat(run("fails", ShuffledTest.SEED, "9876543210").printed())
                .contains("@ShuffledTest(seeds = 9876543210L) or -Dcoloop.test.seed=9876543210");
    }

    @Test
    void whatATestLeavesBehindHasItsSeedToo() {
        assertThat(run("leavesATask").printed()).contains("left something behind", "tasks ran in the order of seed ");
    }

    @Test
    void soHasAFailureOfAfterEach() {
        assertThat(Run.of(FailsAfterwards.class, "passes").printed())
                .contains("afterwards", "tasks ran in the order of seed ");
    }

    @Test
    void aSeedThatIsNoNumberIsSaid() {
        assertThat(run("marksItsOrder", ShuffledTest.SEED, "yesterday's").failure())
                .hasMessageContaining("coloop.test.seed is not a number: yesterday's");
    }

    @Test
    void noRoundsAreRefused() {
        assertThat(run("hasNoRounds").failure()).hasMessageContaining("@ShuffledTest needs at least one round, not 0");
    }

    @ShuffledTest(rounds = 3)
    void itIsALoopTestOtherwise(Loop loop, VirtualClock clock, Trail trail, Confinement confinement) {
        sleep(Duration.ofDays(1));
        assertThat(clock.elapsed()).hasDays(1);
        assertThat(loop.isOnLoop()).isTrue();
        confinement.check("the body");
        trail.step(1);
    }

    static class Samples {
        private static final class Account {
            private int balance = 100;

            boolean withdraw(int amount) {
                if (balance < amount) {
                    return false;
                }
                sleep(Duration.ofMillis(5)); // an audit: the check above may be out of date after it
                balance -= amount;
                return true;
            }
        }

        private static void withdrawTwice() {
            Account account = new Account();
            Task<Boolean> rent = Task.spawn(() -> account.withdraw(70));
            Task<Boolean> food = Task.spawn(() -> {
                sleep(Duration.ofMillis(5)); // a login
                return account.withdraw(70);
            });
            await(rent);
            await(food);
            assertThat(account.balance).isNotNegative();
        }

        @LoopTest
        void withdrawsTwiceInOrder() {
            withdrawTwice();
        }

        @ShuffledTest
        void withdrawsTwice() {
            withdrawTwice();
        }

        @ShuffledTest
        void marksItsOrder(Trail trail) {
            List<Task<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int number = i;
                tasks.add(Task.spawn(() -> {
                    for (int step = 0; step < 4; step++) {
                        trail.mark(number + "." + step);
                        yieldNow();
                    }
                }));
            }
            tasks.forEach(io.coloop.Await::await);
            TRAILS.add(trail.marks());
        }

        @ShuffledTest
        void fails() {
            throw new IllegalStateException("always");
        }

        @ShuffledTest(seeds = {3, -5})
        void hasSeeds() {}

        @ShuffledTest(rounds = 0)
        void hasNoRounds() {}

        @ShuffledTest(rounds = 1)
        void leavesATask(Loop loop) {
            Promise<String> never = loop.promise();
            loop.spawn("forgotten", () -> await(never.future()));
        }
    }

    static class FailsAfterwards {
        @ShuffledTest(rounds = 1)
        void passes() {}

        @AfterEach
        void fail() {
            throw new IllegalStateException("afterwards");
        }
    }
}
