/** The stacks on which task bodies run, in both modes, and the reflection that they need. Not exported. */
@NullMarked
package io.coloop.internal.fiber;

import org.jspecify.annotations.NullMarked;
