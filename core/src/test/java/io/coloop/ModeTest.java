package io.coloop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Each surefire execution runs in the mode that it is named for. */
class ModeTest {
    @Test
    void theModeIsTheOneThisRunIsFor() {
        assertThat(Loop.mode().name()).isEqualTo(System.getProperty("coloop.test.mode"));
    }
}
