/** What tasks of one loop coordinate with: locks, events, semaphores, barriers and queues. */
@NullMarked
package io.coloop.sync;

import org.jspecify.annotations.NullMarked;
