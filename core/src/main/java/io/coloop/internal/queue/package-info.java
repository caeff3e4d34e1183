/** Leaf data structures of the kernel: they know nothing of loops, tasks or futures. Not exported. */
@NullMarked
package io.coloop.internal.queue;

import org.jspecify.annotations.NullMarked;
