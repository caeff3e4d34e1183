package io.coloop.spring;

/** The line of Spring Boot that this artifact is for. The classes of this folder are those that differ from line to line. */
final class BootLine {
    /** What only this line has. */
    static final String CONNECTOR_BUILDER_CUSTOMIZER =
            "org.springframework.boot.http.client.autoconfigure.reactive.ClientHttpConnectorBuilderCustomizer";

    private BootLine() {}

    /**
     * Refuses the other line, on which health and HTTP clients would be missing in silence.
     *
     * @throws IllegalStateException on Spring Boot 3
     */
    static void check(String version) {
        if (version.startsWith("3.")) {
            throw new IllegalStateException(
                    "coloop-spring-boot-starter is for Spring Boot 4, and this is " + version
                            + "; for Spring Boot 3.5 depend on coloop-spring-boot3-starter, or set coloop.webflux.enabled=false");
        }
    }
}
