/** The loop, its futures and tasks, and the one door through which a task awaits. */
@NullMarked
package io.coloop;

import org.jspecify.annotations.NullMarked;
