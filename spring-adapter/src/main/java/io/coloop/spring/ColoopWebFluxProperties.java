package io.coloop.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of await-style WebFlux applications.
 *
 * @param enabled Whether controller methods with a plain return type run as tasks on the request's event loop. False takes all of the starter away.
 * @param requestTimeout How long a controller method that runs as a task may take, from the reading of its arguments to its result; then its task is cancelled and the answer is 503. None by default.
 * @param shutdownTimeout How long the tasks on the loops may go on when the application stops, after its web server has stopped; what is left is cancelled then. Zero cancels them at once.
 * @param ownLoops How many loops with threads of their own there are where requests do not come on a Netty event loop, such as with Tomcat or Jetty. 0 is one for each core.
 * @param blockingThreads Threads of methods with {@code @Blocking}, where the application has given WebFlux no executor of its own for them. By default virtual ones on JDK 24 and later, platform threads before.
 * @param context What tasks see of the request besides its Reactor Context.
 */
@ConfigurationProperties("coloop.webflux")
public record ColoopWebFluxProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable Duration requestTimeout,
        @DefaultValue("10s") Duration shutdownTimeout,
        @DefaultValue("0") int ownLoops,
        @Nullable BlockingThreadKind blockingThreads,
        @DefaultValue Context context) {
    /**
     * Made by Spring.
     *
     * @throws IllegalArgumentException if a value makes no sense; its message has the property's name
     */
    public ColoopWebFluxProperties {
        PropertyChecks.positive("coloop.webflux.request-timeout", requestTimeout);
        PropertyChecks.notNegative("coloop.webflux.shutdown-timeout", shutdownTimeout);
        PropertyChecks.atLeast(0, "coloop.webflux.own-loops", ownLoops);
    }

    /**
     * Thread locals that are carried into tasks, callbacks and blocking jobs, besides those that libraries have registered with micrometer's context-propagation by themselves.
     *
     * @param locale Whether Spring's LocaleContextHolder has the request's locale in tasks.
     * @param mdc Whether tasks start with the logging context (SLF4J's MDC) of whoever starts them.
     * @param security Whether Spring Security's SecurityContextHolder has the request's security context in tasks: controller methods and their exception handlers, and what WebFlux.mono, flux, handler, filter and webSocket run,
     *     beneath the filter of Spring Security. It is loaded before each of them, whether it asks for it or not.
     */
    public record Context(
            @DefaultValue("true") boolean locale,
            @DefaultValue("true") boolean mdc,
            @DefaultValue("true") boolean security) {}

    /** Kinds of threads for blocking methods. */
    public enum BlockingThreadKind {
        /** A virtual thread for each call; before JDK 24 one that blocks while it holds a monitor holds a carrier thread of the JVM as well. */
        VIRTUAL,

        /** Platform threads, ten for each core; more calls wait for one. */
        PLATFORM
    }

    BlockingThreadKind blockingThreadsOrDefault() {
        if (blockingThreads != null) {
            return blockingThreads;
        }
        return Runtime.version().feature() >= 24 ? BlockingThreadKind.VIRTUAL : BlockingThreadKind.PLATFORM;
    }
}
