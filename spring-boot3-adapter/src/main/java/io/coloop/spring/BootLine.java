package io.coloop.spring;

/** The line of Spring Boot that this artifact is for. The classes of this folder are those that differ from line to line. */
final class BootLine {
    /** What only this line has. */
    static final String CONNECTOR_BUILDER_CUSTOMIZER =
            "org.springframework.boot.autoconfigure.http.client.reactive.ClientHttpConnectorBuilderCustomizer";

    private BootLine() {}

    /**
     * Refuses other lines, on which health and HTTP clients would be missing in silence.
     *
     * @throws IllegalStateException on another line than Spring Boot 3.5
     */
    static void check(String version) {
        if (!version.startsWith("3.5.")) {
            throw new IllegalStateException("coloop-spring-boot3-starter is for Spring Boot 3.5, and this is " + version
                    + "; for Spring Boot 4 depend on coloop-spring-boot-starter, or set coloop.webflux.enabled=false");
        }
    }
}
