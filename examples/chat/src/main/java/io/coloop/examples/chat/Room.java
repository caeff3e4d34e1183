package io.coloop.examples.chat;

import static io.coloop.Await.await;

import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.TaskTimeoutException;
import io.coloop.Timeout;
import io.coloop.io.LimitExceededException;
import io.coloop.net.Connection;
import io.coloop.sync.Queue;
import io.coloop.sync.QueueShutDownException;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who is here, and what they say. The first line of a client is its name; {@code /who} asks who is here, {@code /quit} leaves, any other line is told to all. One loop's: only an await lets another task in, so what is between two
 * awaits needs no lock.
 */
final class Room {
    private static final int LONGEST_LINE = 1_000; // bytes
    private static final int OUTBOX = 1_000; // lines
    private static final Duration TO_SAY_A_NAME = Duration.ofSeconds(30);
    private static final Duration TO_TAKE_THE_REST = Duration.ofSeconds(5);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,20}");

    private final Map<String, Member> members = new LinkedHashMap<>();

    /** A client that has a name. What it is told waits in its outbox until its connection takes it. */
    private record Member(String name, Connection connection, Queue<String> outbox) {}

    /** Talks to one client until it leaves. */
    void talk(Connection connection) {
        try {
            connection.write("your name?\n");
            Member member = Timeout.of(TO_SAY_A_NAME).run(() -> join(connection));
            if (member != null) {
                stay(member);
            }
        } catch (IOException | TaskTimeoutException left) {
            connection.abort();
        }
    }

    private @Nullable Member join(Connection connection) throws IOException {
        for (String name = line(connection); name != null; name = line(connection)) {
            if (!NAME.matcher(name).matches()) {
                connection.write("a name has up to 20 letters, digits, - and _; your name?\n");
            } else if (members.containsKey(name)) {
                connection.write("somebody is called " + name + "; your name?\n");
            } else {
                Member member = new Member(name, connection, Queue.bounded(OUTBOX));
                members.put(name, member); // no await since the look
                return member;
            }
        }
        return null;
    }

    private static @Nullable String line(Connection connection) throws IOException {
        return connection.readLine(LONGEST_LINE);
    }

    private void stay(Member member) {
        tellAll(member.name + " joins");
        TaskGroup.run(group -> {
            Task<@Nullable Void> sender = group.spawn("to " + member.name, () -> send(member));
            try {
                listen(member);
            } catch (LimitExceededException misbehaves) {
                member.outbox.tryPut("bye: " + misbehaves.getMessage());
            } catch (IOException left) {
                // as the others are told
            } finally {
                members.remove(member.name);
                tellAll(member.name + " leaves");
                member.outbox.shutdown(); // what is in it is still sent
            }
            try {
                Timeout.of(TO_TAKE_THE_REST).run(() -> await(sender));
            } catch (TaskTimeoutException slow) {
                member.connection.abort();
            }
        });
    }

    private void listen(Member member) throws IOException {
        Connection connection = member.connection;
        for (String line = line(connection); line != null && !line.equals("/quit"); line = line(connection)) {
            if (line.equals("/who")) {
                member.outbox.put("here: " + String.join(", ", members.keySet()));
            } else if (!line.isBlank()) {
                tellAll(member.name + ": " + line);
            }
        }
    }

    /** Sends what there is with one write, until the queue is shut down and empty. */
    private static void send(Member member) {
        Queue<String> outbox = member.outbox;
        try {
            while (true) {
                StringBuilder lines = new StringBuilder(outbox.get()).append('\n');
                while (!outbox.isEmpty()) {
                    lines.append(outbox.get()).append('\n');
                }
                member.connection.write(lines.toString());
            }
        } catch (QueueShutDownException left) {
            // and all is sent
        } catch (IOException gone) {
            member.connection.abort(); // which ends listening
        }
    }

    /** Never waits: a client that does not take what it is told has to go. */
    private void tellAll(String line) {
        for (Member member : List.copyOf(members.values())) {
            if (!member.outbox.tryPut(line)) {
                member.connection.abort();
            }
        }
    }

    /** How many have a name. */
    int size() {
        return members.size();
    }
}
