/** Streams with demand: a task iterates over one, or emits one. What the adapters for Reactor, RxJava and Kotlin are built on, and {@link java.util.concurrent.Flow} itself. */
@NullMarked
package io.coloop.stream;

import org.jspecify.annotations.NullMarked;
