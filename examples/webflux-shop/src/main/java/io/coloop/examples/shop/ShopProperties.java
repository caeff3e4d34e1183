package io.coloop.examples.shop;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the shop can be told.
 *
 * @param suppliers where the suppliers are, as {@code http://host:port}; empty: they are started with the shop
 * @param delay how long they take to answer
 */
@ConfigurationProperties("shop")
public record ShopProperties(
        @DefaultValue("") String suppliers,
        @DefaultValue("5ms") Duration delay) {}
