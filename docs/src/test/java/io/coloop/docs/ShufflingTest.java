package io.coloop.docs;

import static io.coloop.Await.await;
import static io.coloop.Await.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.coloop.Task;
import io.coloop.sync.Hold;
import io.coloop.sync.Lock;
import io.coloop.test.LoopTest;
import io.coloop.test.ShuffledTest;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

@Timeout(60)
class ShufflingTest {
    // region account
    static final class Account {
        int balance = 100;

        boolean withdraw(int amount) {
            if (balance < amount) {
                return false;
            }
            sleep(Duration.ofMillis(5)); // an audit: after it the check may be out of date
            balance -= amount;
            return true;
        }
    }
    // endregion

    /** Not found by JUnit. */
    static class Samples {
        // region shuffled
        @ShuffledTest
        void theBalanceNeverFallsBelowZero() {
            Account account = new Account();
            Task<Boolean> rent = Task.spawn(() -> account.withdraw(70));
            Task<Boolean> food = Task.spawn(() -> {
                sleep(Duration.ofMillis(5)); // a login, just as long
                return account.withdraw(70);
            });
            await(rent);
            await(food);
            assertThat(account.balance).isNotNegative();
        }
        // endregion

        @LoopTest
        void inOrder() {
            theBalanceNeverFallsBelowZero();
        }
    }

    private static Events run(String method) {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.conditions.deactivate", "*")
                .selectors(selectMethod(Samples.class, method))
                .execute()
                .testEvents();
    }

    @Test
    void onlyShufflingFindsIt() {
        assertThat(run("inOrder").failed().count()).isZero();
        assertThat(run("theBalanceNeverFallsBelowZero").failed().count()).isOne();
    }

    @ShuffledTest(rounds = 50)
    void aLockMendsIt() {
        Account account = new Account();
        Lock lock = Lock.create();
        Task<Boolean> rent = Task.spawn(() -> withdraw(account, lock));
        Task<Boolean> food = Task.spawn(() -> {
            sleep(Duration.ofMillis(5));
            return withdraw(account, lock);
        });
        assertThat(await(rent)).isNotEqualTo(await(food));
        assertThat(account.balance).isEqualTo(30);
    }

    private static boolean withdraw(Account account, Lock lock) {
        try (Hold held = lock.acquire()) {
            return account.withdraw(70);
        }
    }
}
