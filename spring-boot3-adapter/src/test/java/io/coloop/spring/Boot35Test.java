package io.coloop.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringBootVersion;
import org.springframework.core.SpringVersion;
import org.springframework.core.io.ClassPathResource;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServer;

/** What the tests of the starter, which run here, do not say: that they run on this line. */
@Timeout(60)
class Boot35Test {
    @Test
    void allIsOfTheLine() {
        assertThat(SpringBootVersion.getVersion()).startsWith("3.5.");
        assertThat(SpringVersion.getVersion()).startsWith("6.2.");
        assertThat(Mono.class.getPackage().getImplementationVersion()).startsWith("3.7.");
        assertThat(HttpServer.class.getPackage().getImplementationVersion()).startsWith("1.2.");
        assertThat(Version.identify().values())
                .isNotEmpty()
                .allMatch(artifact -> artifact.artifactVersion().startsWith("4.1."));
    }

    @Test
    void earlierLinesAreRefused() {
        assertThatThrownBy(() -> BootLine.check("3.4.12"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is for Spring Boot 3.5, and this is 3.4.12");
    }

    @Test
    void theJarDescribesTheProperties() throws IOException {
        assertThat(new ClassPathResource("META-INF/spring-configuration-metadata.json")
                        .getContentAsString(StandardCharsets.UTF_8))
                .contains("coloop.webflux.request-timeout", "coloop.webclient.max-connections", "coloop.health.timeout")
                .contains("management.health.coloop.enabled");
    }
}
