/** What waits for channels: it knows nothing of loops, tasks or futures. Not exported. */
@NullMarked
package io.coloop.internal.poll;

import org.jspecify.annotations.NullMarked;
