/** WebFlux controllers in await style: each request's code is a task on the event loop that carries the request. */
@NullMarked
package io.coloop.spring;

import org.jspecify.annotations.NullMarked;
