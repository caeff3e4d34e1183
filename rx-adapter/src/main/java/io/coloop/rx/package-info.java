/** RxJava 3 on a loop, and the other way round. */
@NullMarked
package io.coloop.rx;

import org.jspecify.annotations.NullMarked;
