package io.coloop.examples.shop;

import java.util.List;

/** What three suppliers ask for one product. */
public record Offers(long id, List<Integer> prices) {}
