package io.coloop.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("one-mode")
class RingTest {
    private static List<Object> content(Ring<Object> ring) {
        List<Object> content = new ArrayList<>();
        for (int i = 0; i < ring.size(); i++) {
            content.add(ring.get(i));
        }
        return content;
    }

    @Test
    void whatIsTakenOutAnywhereLeavesTheOthersInOrder() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            Ring<Object> ring = new Ring<>();
            List<Object> model = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (model.isEmpty() || random.nextInt(100) < 55) {
                    Object element = new Object();
                    ring.add(element);
                    model.add(element);
                } else {
                    int index = random.nextInt(model.size());
                    assertThat(ring.remove(model.remove(index))).isEqualTo(index);
                }
                assertThat(content(ring)).as("seed " + seed).isEqualTo(model);
            }
        }
    }

    @Test
    void whatIsNotInCannotBeTakenOut() {
        Ring<Object> ring = new Ring<>();
        assertThatThrownBy(() -> ring.remove("absent")).isInstanceOf(NoSuchElementException.class);
        ring.add("present");
        assertThatThrownBy(() -> ring.remove("absent")).isInstanceOf(NoSuchElementException.class);
    }
}
