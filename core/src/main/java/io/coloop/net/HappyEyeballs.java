package io.coloop.net;

import io.coloop.Await;
import io.coloop.Promise;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Tries several addresses, each a while after the one before it or when that has failed; the first that answers counts. RFC 8305. */
final class HappyEyeballs {
    private final List<IOException> failures = new ArrayList<>();
    private @Nullable Connection winner;

    private HappyEyeballs() {}

    /** Connects to one address. */
    @FunctionalInterface
    interface Attempt {
        Connection connect(SocketAddress address) throws IOException;
    }

    /** The addresses, both families in turn, that of the first one first; else in their order. */
    static List<InetAddress> inTurn(InetAddress[] found) {
        Queue<InetAddress> first = new ArrayDeque<>();
        Queue<InetAddress> second = new ArrayDeque<>();
        Arrays.stream(found).forEach(each -> (each.getClass() == found[0].getClass() ? first : second).add(each));
        List<InetAddress> turns = new ArrayList<>();
        while (!first.isEmpty() || !second.isEmpty()) {
            for (Queue<InetAddress> family : List.of(first, second)) {
                InetAddress next = family.poll();
                if (next != null) {
                    turns.add(next);
                }
            }
        }
        return turns;
    }

    /** Connects to one of them; the others are closed. */
    static Connection connect(List<SocketAddress> addresses, Duration delay, Attempt attempt) throws IOException {
        return new HappyEyeballs().race(addresses, delay, attempt);
    }

    private Connection race(List<SocketAddress> addresses, Duration delay, Attempt attempt) throws IOException {
        try {
            TaskGroup.run(group -> {
                for (SocketAddress address : addresses) {
                    Promise<@Nullable Void> failed = Promise.create();
                    group.spawn("connect " + address, () -> attempt(group, address, attempt, failed));
                    waitForFailure(failed, delay);
                }
            });
        } catch (Throwable ended) {
            if (winner != null) {
                winner.abort();
            }
            throw ended;
        }
        if (winner == null) {
            IOException failure = failures.getFirst();
            failures.stream().skip(1).forEach(failure::addSuppressed);
            throw failure;
        }
        return winner;
    }

    private void attempt(TaskGroup group, SocketAddress address, Attempt attempt, Promise<@Nullable Void> failed) {
        try {
            Connection connected = attempt.connect(address);
            if (winner == null) {
                winner = connected;
                group.cancel("another address answered");
            } else {
                connected.abort(); // both in one turn
            }
        } catch (IOException failure) {
            failures.add(failure);
            failed.complete(null);
        }
    }

    private static void waitForFailure(Promise<@Nullable Void> failed, Duration delay) {
        try {
            Await.await(failed.future(), delay);
        } catch (TaskTimeoutException patienceIsOver) {
            // the next one may be faster
        }
    }
}
