/** A shop: a WebFlux application whose endpoints are written in four ways. */
@NullMarked
package io.coloop.examples.shop;

import org.jspecify.annotations.NullMarked;
