package io.coloop.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test whose body runs as a task, on a loop with virtual time; see {@link LoopExtension}. */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Test
@ExtendWith(LoopExtension.class)
public @interface LoopTest {
    /**
     * Whether threads outside the loop take part without being {@linkplain VirtualClock#foreign declared}. Then a test that waits for ever is noticed only after 30 s of real
     * time, and virtual time jumps whatever they do.
     */
    boolean foreignThreads() default false;

    /** Whether it may leave close hooks to the end of the loop: those of a pool that lives as long as its loop does, but not those of a stream that nobody closed. */
    boolean closeHooks() default false;
}
