package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A reactive transaction is seen wherever await-style code and suspend functions call one another. */
@Timeout(60)
class KotlinTransactionsTest {
    @ParameterizedTest
    @ValueSource(strings = {"/kotlin/around-a-task", "/kotlin/around-suspend"})
    void commitAndRollback(String uri) {
        try (RunningApp app = RunningApp.start(List.of(
                TransactionsTest.Database.class, TransactionsTest.Rows.class, Ledger.class, KotlinTransfers.class))) {
            TransactionsTest.Rows rows = app.bean(TransactionsTest.Rows.class);
            rows.create().block(RunningApp.LIMIT);
            assertThat(app.exchange(uri + "/fail")).startsWith("500 ");
            assertThat(rows.count().block(RunningApp.LIMIT)).isZero();
            assertThat(app.get(uri + "/commit")).isEqualTo("done");
            assertThat(rows.count().block(RunningApp.LIMIT)).isEqualTo(2);
        }
    }
}
