/** The stacks on which task bodies run, in both modes, and all reflection on the JDK. Not exported. */
@NullMarked
package io.coloop.internal.fiber;

import org.jspecify.annotations.NullMarked;
