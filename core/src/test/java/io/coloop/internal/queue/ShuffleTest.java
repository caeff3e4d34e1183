package io.coloop.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShuffleTest {
    /** Lower-case letters are movable. */
    private static String shuffled(long seed, String queue) {
        return apply(new Shuffle<>(seed, Character::isLowerCase), queue);
    }

    private static String apply(Shuffle<Character> shuffle, String queue) {
        ArrayDeque<Character> characters = new ArrayDeque<>();
        queue.chars().forEach(character -> characters.add((char) character));
        shuffle.apply(characters);
        StringBuilder text = new StringBuilder();
        characters.forEach(text::append);
        return text.toString();
    }

    private static Set<String> allOf(String queue) {
        Set<String> all = new HashSet<>();
        for (int seed = 0; seed < 1_000; seed++) {
            all.add(shuffled(seed, queue));
        }
        return all;
    }

    @Test
    void everyPermutationOfARunComes() {
        assertThat(allOf("abc")).containsExactlyInAnyOrder("abc", "acb", "bac", "bca", "cab", "cba");
    }

    @Test
    void whatIsNotMovableStaysAndNothingPassesIt() {
        assertThat(allOf("abXcdYZe")).containsExactlyInAnyOrder("abXcdYZe", "baXcdYZe", "abXdcYZe", "baXdcYZe");
        assertThat(allOf("XYZ")).containsExactly("XYZ");
    }

    @Test
    void nothingAndOneStayAsTheyAre() {
        assertThat(allOf("")).containsExactly("");
        assertThat(allOf("a")).containsExactly("a");
    }

    @Test
    void theSeedSaysWhich() {
        List<String> queues = List.of("abcdefgh", "abXcd", "abcdefgh", "xyz");
        Shuffle<Character> one = new Shuffle<>(42, Character::isLowerCase);
        Shuffle<Character> other = new Shuffle<>(42, Character::isLowerCase);
        queues.forEach(queue -> assertThat(apply(one, queue)).isEqualTo(apply(other, queue)));
        assertThat(shuffled(1, "abcdefgh")).isNotEqualTo(shuffled(2, "abcdefgh"));
    }

    @Test
    void whatHasNoChoiceUsesUpNoChance() {
        Shuffle<Character> one = new Shuffle<>(7, Character::isLowerCase);
        Shuffle<Character> other = new Shuffle<>(7, Character::isLowerCase);
        IntStream.range(0, 10).forEach(round -> apply(one, "aXbYcZ"));
        assertThat(apply(one, "abcdefgh")).isEqualTo(apply(other, "abcdefgh"));
    }
}
