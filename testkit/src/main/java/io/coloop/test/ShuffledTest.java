package io.coloop.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A {@link LoopTest} that runs many times, each time with another order of the tasks that are ready together: finds what works only because a loop is first in, first out. The order
 * is a seed's, which stands in the name of the round; the first round that fails is the last. To run it again, give the seed to {@link #seeds}, or to
 * JUnit as the parameter {@value #SEED}, which a system property is.
 *
 * <p>What is shuffled says {@link io.coloop.LoopBuilder#shuffle}. A seed replays what the loop did itself; what other threads send comes when it comes.
 */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith({LoopExtension.class, ShuffledRounds.class})
public @interface ShuffledTest {
    /** The JUnit configuration parameter with which each shuffled test runs once, with that seed. */
    String SEED = "coloop.test.seed";

    /** How many rounds with fresh seeds, at least 1. Unused if there are {@link #seeds}. */
    int rounds() default 20;

    /** The seeds of its rounds, instead of fresh ones. */
    long[] seeds() default {};

    /** As {@link LoopTest#foreignThreads}. */
    boolean foreignThreads() default false;

    /** As {@link LoopTest#closeHooks}. */
    boolean closeHooks() default false;
}
