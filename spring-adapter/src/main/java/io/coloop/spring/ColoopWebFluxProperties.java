package io.coloop.spring;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of await-style WebFlux applications.
 *
 * @param enabled Whether controller methods with a plain return type run as tasks on the request's event loop.
 * @param shutdownTimeout How long the tasks on the loops may go on when the application stops, after its web server has stopped; what is left is cancelled then. Zero cancels them at once.
 * @param ownLoops How many loops with threads of their own there are where requests do not come on a Netty event loop, such as with Tomcat or Jetty. 0 is one for each core.
 */
@ConfigurationProperties("coloop.webflux")
public record ColoopWebFluxProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("10s") Duration shutdownTimeout,
        @DefaultValue("0") int ownLoops) {}
