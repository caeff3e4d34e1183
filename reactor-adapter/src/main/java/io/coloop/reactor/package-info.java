/** Project Reactor on a loop, and the other way round. */
@NullMarked
package io.coloop.reactor;

import org.jspecify.annotations.NullMarked;
