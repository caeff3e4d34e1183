package io.coloop.examples.shop;

/** What somebody wants to buy. */
public record Order(long product, int quantity) {}
