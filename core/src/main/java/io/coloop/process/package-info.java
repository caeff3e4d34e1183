/** The process and its children: signals. */
@NullMarked
package io.coloop.process;

import org.jspecify.annotations.NullMarked;
