package io.coloop.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TrailTest {
    private final Trail trail = new Trail();

    @Test
    void stepsComeInOrder() {
        trail.step(1);
        trail.step(2);
        trail.finished(2);
        assertThatThrownBy(() -> trail.step(4))
                .isInstanceOf(AssertionError.class)
                .hasMessage("expected step 3 but came to step 4");
        assertThatThrownBy(() -> trail.finished(3))
                .isInstanceOf(AssertionError.class)
                .hasMessage("expected 3 steps but passed 2");
    }

    @Test
    void marksAreKept() {
        trail.mark("a");
        trail.mark("b");
        assertThat(trail.marks()).containsExactly("a", "b");
        assertThat(trail).hasToString("Trail[0 steps, [a, b]]");
    }
}
