/** An HTTP server for the files of a directory: plain code for each connection, and no thread of its own. */
@org.jspecify.annotations.NullMarked
package io.coloop.examples.files;
