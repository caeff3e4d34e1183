/** Sockets on the loop: connections and servers whose calls look as if they blocked and await. */
@NullMarked
package io.coloop.net;

import org.jspecify.annotations.NullMarked;
