package io.coloop;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows of the design: internal is used by io.coloop, never the other way round. */
@AnalyzeClasses(
        packages = "io.coloop",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NotTheTestkit.class})
@ArchTag("one-mode")
class ArchitectureTest {
    static final class NotTheTestkit implements ImportOption {
        @Override
        public boolean includes(com.tngtech.archunit.core.importer.Location location) {
            return !location.contains("/io/coloop/test/") && !location.contains("/test-classes/");
        }
    }

    @ArchTest
    static final ArchRule INTERNAL_PACKAGES_KNOW_ONLY_THE_JDK_AND_THEMSELVES = classes()
            .that()
            .resideInAPackage("io.coloop.internal.queue")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop.internal.queue", "java..", "org.jspecify..", "org.jctools..");

    @ArchTest
    static final ArchRule FIBERS_KNOW_ONLY_THE_JDK_AND_THEMSELVES = classes()
            .that()
            .resideInAPackage("io.coloop.internal.fiber")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop.internal.fiber", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule POLLERS_KNOW_ONLY_THE_JDK_AND_THEMSELVES = classes()
            .that()
            .resideInAPackage("io.coloop.internal.poll")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop.internal.poll", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule WHAT_THE_JDK_DOES_NOT_PROMISE_IS_KNOWN_TO_ONE_PACKAGE = classes()
            .that()
            .resideInAPackage("io.coloop.internal.jdk")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop.internal.jdk", "java..", "com.sun.management", "org.jspecify..");

    @ArchTest
    static final ArchRule THE_KERNEL_USES_ONLY_THE_JDK_AND_ITS_INTERNALS = classes()
            .that()
            .resideInAPackage("io.coloop")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop", "io.coloop.internal..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule SYNC_USES_ONLY_THE_JDK_AND_THE_KERNEL = classes()
            .that()
            .resideInAPackage("io.coloop.sync")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop", "io.coloop.sync", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule STREAMS_USE_ONLY_THE_JDK_THE_KERNEL_AND_SYNC = classes()
            .that()
            .resideInAPackage("io.coloop.stream")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop", "io.coloop.stream", "io.coloop.sync", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule PIECES_OF_STREAMS_USE_ONLY_THE_JDK_AND_THE_KERNEL = classes()
            .that()
            .resideInAPackage("io.coloop.internal.bytes")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.coloop", "io.coloop.internal.bytes", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule IO_USES_ONLY_THE_JDK_THE_KERNEL_SYNC_STREAM_AND_ITS_PIECES = classes()
            .that()
            .resideInAPackage("io.coloop.io")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.coloop",
                    "io.coloop.io",
                    "io.coloop.stream",
                    "io.coloop.sync",
                    "io.coloop.internal.bytes",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule NET_USES_ONLY_THE_JDK_THE_KERNEL_SYNC_AND_IO = classes()
            .that()
            .resideInAPackage("io.coloop.net")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.coloop",
                    "io.coloop.net",
                    "io.coloop.sync",
                    "io.coloop.io",
                    "io.coloop.internal.bytes",
                    "java..",
                    "javax.net.ssl..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule PROCESS_USES_ONLY_THE_JDK_THE_KERNEL_SYNC_AND_IO = classes()
            .that()
            .resideInAPackage("io.coloop.process")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.coloop",
                    "io.coloop.process",
                    "io.coloop.sync",
                    "io.coloop.io",
                    "io.coloop.internal.bytes",
                    "io.coloop.internal.jdk",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule SYNC_KNOWS_NO_STREAMS = noClasses()
            .that()
            .resideInAnyPackage("io.coloop", "io.coloop.sync")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.coloop.stream",
                    "io.coloop.io",
                    "io.coloop.net",
                    "io.coloop.process",
                    "io.coloop.internal.bytes");

    @ArchTest
    static final ArchRule REFLECTION_LIVES_WITH_WHAT_THE_JDK_DOES_NOT_PROMISE = noClasses()
            .that(resideInAPackage("io.coloop.."))
            .and()
            .resideOutsideOfPackages("io.coloop.internal.fiber", "io.coloop.internal.jdk")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.reflect")
            .orShould()
            .callMethod(Class.class, "forName", String.class)
            .orShould()
            .accessClassesThat()
            .haveFullyQualifiedName("sun.misc.Unsafe");

    @ArchTest
    static final ArchRule THE_FLIGHT_RECORDER_IS_KNOWN_IN_ONE_PLACE = noClasses()
            .that()
            .resideOutsideOfPackage("io.coloop.internal.jfr")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("jdk.jfr..");

    @ArchTest
    static final ArchRule NO_METHOD_IS_SYNCHRONIZED = methods()
            .that()
            .areDeclaredInClassesThat()
            .resideInAPackage("io.coloop..")
            .should()
            .notHaveModifier(SYNCHRONIZED);

    @ArchTest
    static final ArchRule NOBODY_PRINTS =
            noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err");

    @ArchTest
    static final ArchRule PUBLIC_TYPES_ARE_FINAL_SEALED_OR_INTERFACES = classes()
            .that()
            .resideInAPackage("io.coloop..")
            .and()
            .arePublic()
            .and()
            .areNotInterfaces()
            .and()
            .doNotHaveFullyQualifiedName("io.coloop.stream.Undelivered") // bridges name the hooks of their library
            .should(new com.tngtech.archunit.lang.ArchCondition<>("be final or sealed") {
                @Override
                public void check(
                        com.tngtech.archunit.core.domain.JavaClass type,
                        com.tngtech.archunit.lang.ConditionEvents events) {
                    boolean closed = type.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.FINAL)
                            || type.reflect().isSealed();
                    events.add(new com.tngtech.archunit.lang.SimpleConditionEvent(type, closed, type.getName()));
                }
            });
}
