/** Tests of code on a loop: virtual time, checks for leftovers, order. */
@NullMarked
package io.coloop.test;

import org.jspecify.annotations.NullMarked;
