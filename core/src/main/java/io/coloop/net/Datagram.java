package io.coloop.net;

import java.net.SocketAddress;

/**
 * A datagram that was received.
 *
 * @param bytes all of it
 * @param from who sent it
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, nobody compares it
public record Datagram(byte[] bytes, SocketAddress from) {
    /** Its size and its sender. */
    @Override
    public String toString() {
        return "Datagram[" + bytes.length + " bytes from " + from + "]";
    }
}
