/** Streams of bytes whose calls look as if they blocked and await, and files as such streams. */
@NullMarked
package io.coloop.io;

import org.jspecify.annotations.NullMarked;
