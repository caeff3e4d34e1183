/** What the JDK has and does not promise: signals, and who holds which lock. Each class says what it does where that is missing. Not exported. */
@NullMarked
package io.coloop.internal.jdk;

import org.jspecify.annotations.NullMarked;
