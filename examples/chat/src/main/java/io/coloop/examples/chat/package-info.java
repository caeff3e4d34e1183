/** A chat server over TCP and TLS: a task or two for each client, and no lock. */
@org.jspecify.annotations.NullMarked
package io.coloop.examples.chat;
