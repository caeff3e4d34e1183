package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.kotlin.Coroutines;

/** The coroutine dispatchers of loops. Needs coloop-kotlin. */
final class Dispatchers {
    /** What starts a coroutine in place where that is safe, and goes on with it on the loop. */
    Object of(Loop loop) {
        return Coroutines.dispatcher(loop).getImmediate();
    }
}
