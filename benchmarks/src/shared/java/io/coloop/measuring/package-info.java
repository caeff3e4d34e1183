/** What the measuring programs share; not part of the library. */
package io.coloop.measuring;
