package io.coloop.examples.shop;

/** What somebody has bought, and how many did before. */
public record Receipt(long product, int quantity, long purchases) {}
