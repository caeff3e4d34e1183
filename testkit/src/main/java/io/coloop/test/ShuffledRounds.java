package io.coloop.test;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.platform.commons.support.AnnotationSupport;

/** Makes the rounds of a {@link ShuffledTest}. */
final class ShuffledRounds implements TestTemplateInvocationContextProvider {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(ShuffledRounds.class);

    /** The seed of the running round; empty in a test that is not shuffled. */
    static OptionalLong seed(ExtensionContext context) {
        Long seed = context.getStore(NAMESPACE).get(Round.class, Long.class);
        return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
    }

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return AnnotationSupport.isAnnotated(context.getTestMethod(), ShuffledTest.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        ShuffledTest test = AnnotationSupport.findAnnotation(context.getTestMethod(), ShuffledTest.class)
                .orElseThrow();
        AtomicBoolean failed = new AtomicBoolean();
        // lazy: JUnit takes a round when the one before it is over
        return seeds(test, context).takeWhile(seed -> !failed.get()).mapToObj(seed -> new Round(seed, failed));
    }

    private static LongStream seeds(ShuffledTest test, ExtensionContext context) {
        String given = context.getConfigurationParameter(ShuffledTest.SEED).orElse(null);
        if (given != null) {
            return LongStream.of(parse(given));
        }
        if (test.seeds().length > 0) {
            return LongStream.of(test.seeds());
        }
        if (test.rounds() < 1) {
            throw new ExtensionConfigurationException("@ShuffledTest needs at least one round, not " + test.rounds());
        }
        return LongStream.generate(() -> ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE)) // an int needs no L
                .limit(test.rounds());
    }

    private static long parse(String given) {
        try {
            return Long.parseLong(given.strip());
        } catch (NumberFormatException wrong) {
            throw new ExtensionConfigurationException(ShuffledTest.SEED + " is not a number: " + given, wrong);
        }
    }

    private record Round(long seed, AtomicBoolean failed)
            implements TestTemplateInvocationContext, BeforeEachCallback, TestWatcher {
        @Override
        public String getDisplayName(int invocationIndex) {
            return "[" + invocationIndex + "] seed " + seed;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this);
        }

        @Override
        public void beforeEach(ExtensionContext context) {
            context.getStore(NAMESPACE).put(Round.class, seed);
        }

        @Override
        public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
            failed.set(true);
            if (cause != null) {
                cause.addSuppressed(new Shuffled(seed));
            }
        }
    }

    /** Tells with a failure how to see it again. */
    private static final class Shuffled extends Exception {
        private static final long serialVersionUID = 1L;

        Shuffled(long seed) {
            super(
                    "tasks ran in the order of seed %d; to run it again: @ShuffledTest(seeds = %d%s) or -D%s=%d"
                            .formatted(seed, seed, seed == (int) seed ? "" : "L", ShuffledTest.SEED, seed),
                    null,
                    false,
                    false);
        }
    }
}
