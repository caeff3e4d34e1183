package io.coloop.internal.jdk;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A lock that somebody holds.
 *
 * @param lock its class and identity hash code
 * @param ownerId the id of the thread that holds it; 0 if this JVM does not tell
 */
public record HeldLock(String lock, long ownerId) {
    /*
     * A monitor's owner is in the JSON thread dump, since JDK 25. That of a java.util.concurrent lock is known to the lock, which shows it to subclasses only.
     */
    private static final Pattern DUMP = Pattern.compile("\"tid\"\\s*:\\s*\"?(?<tid>\\d+)"
            + "|\"blockedOn\"\\s*:\\s*\"(?<blockedOn>[^\"]*)\""
            + "|\"locks\"\\s*:\\s*\\[(?<locks>[^]]*)]");

    /**
     * The lock that a thread waits for, or null: it waits for none, or this JVM does not tell. Any thread; may take long.
     *
     * @param dump whether all threads of the JVM may be dumped to a temporary file, which is how monitors are found
     */
    public static @Nullable HeldLock blocking(Thread thread, boolean dump) {
        if (thread.getState() == Thread.State.BLOCKED) {
            return dump ? monitor(thread.threadId()) : null;
        }
        Object blocker = LockSupport.getBlocker(thread);
        if (blocker instanceof AbstractOwnableSynchronizer synchronizer) {
            Thread owner = Synchronizers.ownerOf(synchronizer);
            return new HeldLock(Objects.toIdentityString(synchronizer), owner == null ? 0 : owner.threadId());
        }
        return null;
    }

    private static @Nullable HeldLock monitor(long threadId) {
        try {
            return find(threadId, dumpThreads());
        } catch (IOException | RuntimeException | LinkageError unavailable) { // no jdk.management, or no place to write
            return null;
        }
    }

    private static String dumpThreads() throws IOException {
        Path directory = Files.createTempDirectory("coloop");
        Path file = directory.resolve("threads.json");
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(file.toString(), ThreadDumpFormat.JSON);
            return Files.readString(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    /** What the thread is blocked on and who owns it, in a dump where each thread begins with its id. */
    static @Nullable HeldLock find(long threadId, String dump) {
        String lock = null;
        long current = -1;
        for (Matcher matcher = DUMP.matcher(dump); lock == null && matcher.find(); ) {
            current = matcher.group("tid") != null ? Long.parseLong(matcher.group("tid")) : current;
            lock = current == threadId ? matcher.group("blockedOn") : null;
        }
        if (lock == null) {
            return null;
        }
        for (Matcher matcher = DUMP.matcher(dump); matcher.find(); ) {
            current = matcher.group("tid") != null ? Long.parseLong(matcher.group("tid")) : current;
            String locks = matcher.group("locks");
            if (locks != null && locks.contains('"' + lock + '"')) {
                return new HeldLock(lock, current);
            }
        }
        return null;
    }

    /** The owners of {@code java.util.concurrent} locks; known if {@code java.lang} is open to coloop. */
    private static final class Synchronizers {
        private static final @Nullable Method OWNER = open();

        private static @Nullable Method open() {
            try {
                Method opening = Module.class.getDeclaredMethod("implAddOpens", String.class, Module.class);
                opening.setAccessible(true);
                Class<?> type = AbstractOwnableSynchronizer.class;
                opening.invoke(type.getModule(), type.getPackageName(), HeldLock.class.getModule());
                Method owner = type.getDeclaredMethod("getExclusiveOwnerThread");
                owner.setAccessible(true);
                return owner;
            } catch (ReflectiveOperationException | RuntimeException closed) {
                return null;
            }
        }

        static @Nullable Thread ownerOf(AbstractOwnableSynchronizer synchronizer) {
            try {
                return OWNER == null ? null : (Thread) OWNER.invoke(synchronizer);
            } catch (ReflectiveOperationException impossible) {
                return null;
            }
        }
    }
}
