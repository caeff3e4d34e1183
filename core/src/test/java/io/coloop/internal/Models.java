package io.coloop.internal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/** How scenarios of some threads are explored: a product must hold in each interleaving, its twin with a flaw must not. */
public final class Models {
    private Models() {}

    public static void holds(int interleavings, Runnable scenario) {
        Lincheck.runConcurrentTest(interleavings, scenario::run);
    }

    public static void isFoundOut(int interleavings, Runnable scenario) {
        assertThatThrownBy(() -> holds(interleavings, scenario)).isInstanceOf(LincheckAssertionError.class);
    }

    public static void isLinearizable(Class<?> operations, Class<?> specification) {
        new ModelCheckingOptions()
                .iterations(15)
                .invocationsPerIteration(300)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(2)
                .minimizeFailedScenario(false)
                .sequentialSpecification(specification)
                .check(operations);
    }

    public static void isNotLinearizable(Class<?> operations, Class<?> specification) {
        assertThatThrownBy(() -> isLinearizable(operations, specification)).isInstanceOf(LincheckAssertionError.class);
    }

    // ---- inside a scenario, where no library may be used: it would be explored too

    public static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    public static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
