/** A page that Java, Reactor, RxJava and Kotlin make together on one thread. */
@NullMarked
package io.coloop.examples.onethread;

import org.jspecify.annotations.NullMarked;
