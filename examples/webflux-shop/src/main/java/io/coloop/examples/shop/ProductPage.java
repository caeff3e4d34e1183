package io.coloop.examples.shop;

/** What a product's page shows. */
public record ProductPage(long id, int stock, int price, int rating) {}
