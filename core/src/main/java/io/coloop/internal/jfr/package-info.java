/** Events for the JDK's flight recorder. Not exported. */
@NullMarked
package io.coloop.internal.jfr;

import org.jspecify.annotations.NullMarked;
