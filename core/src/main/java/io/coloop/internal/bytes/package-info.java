/** What streams of bytes are made of. Knows the kernel, not the streams. */
@NullMarked
package io.coloop.internal.bytes;

import org.jspecify.annotations.NullMarked;
