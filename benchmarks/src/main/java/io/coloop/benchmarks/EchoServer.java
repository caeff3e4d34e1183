package io.coloop.benchmarks;

import io.coloop.Loop;
import io.coloop.net.Connection;
import io.coloop.net.Net;
import io.coloop.net.NetOptions;
import io.coloop.net.Server;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Sends back what comes, on one thread: prints its port, then a line with the bytes of its live heap for each line of its input, until that ends. One per JVM. */
final class EchoServer {
    private static final int BACKLOG = 4096;
    private static final int BUFFER = Integer.getInteger("buffer", 64 * 1024); // of each connection, bytes

    private EchoServer() {}

    /** Runs one: {@code coloop}, {@code coloop-lines}, {@code coloop-hosted}, {@code netty}, {@code virtual-threads}. */
    public static void main(String[] args) throws Exception {
        Thread.ofPlatform().daemon().start(EchoServer::answer);
        switch (args[0]) {
            case "coloop" -> Loop.run(() -> coloop(EchoServer::sendBack));
            case "coloop-lines" -> Loop.run(() -> coloop(EchoServer::sendLinesBack));
            case "coloop-hosted" ->
                Loop.on(Netty.nio()).spawn(() -> coloop(EchoServer::sendBack)).join();
            case "netty" -> netty();
            case "virtual-threads" -> virtualThreads();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void answer() {
        try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            while (lines.readLine() != null) {
                System.gc();
                System.gc();
                System.out.println(Runtime.getRuntime().totalMemory()
                        - Runtime.getRuntime().freeMemory());
            }
        } catch (IOException gone) {
            // whoever asked
        }
        Runtime.getRuntime().halt(0);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static void coloop(Server.Handler handler) throws Exception {
        try (Server server = Net.listen(anyPort(), NetOptions.DEFAULT.backlog(BACKLOG))) {
            System.out.println(((InetSocketAddress) server.localAddress()).getPort());
            server.serve(handler);
        }
    }

    private static void sendBack(Connection connection) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try {
            while (connection.read(buffer.clear()) >= 0) {
                connection.write(buffer.flip());
            }
        } catch (IOException reset) {
            // the load is over
        }
    }

    private static void sendLinesBack(Connection connection) throws IOException {
        for (String line = connection.readLine(); line != null; line = connection.readLine()) {
            connection.write(line + "\n");
        }
    }

    private static void netty() throws InterruptedException {
        Channel channel = new ServerBootstrap()
                .group(Netty.nio())
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel made) {
                        made.pipeline().addLast(new Back());
                    }
                })
                .bind(anyPort())
                .sync()
                .channel();
        System.out.println(((InetSocketAddress) channel.localAddress()).getPort());
        channel.closeFuture().sync();
    }

    private static final class Back extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable reset) {
            context.close();
        }
    }

    private static void virtualThreads() throws IOException {
        try (ServerSocket server = new ServerSocket()) {
            server.bind(anyPort(), BACKLOG);
            System.out.println(server.getLocalPort());
            while (true) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> sendBack(socket));
            }
        }
    }

    private static void sendBack(Socket socket) {
        byte[] buffer = new byte[BUFFER];
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
            }
        } catch (IOException reset) {
            // the load is over
        }
    }
}
