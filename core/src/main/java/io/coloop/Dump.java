package io.coloop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes down who awaits whom on a loop: a tree from the tasks nobody awaits down to what everything waits for. Loop only. */
final class Dump {
    private static final int MAX_LINES = 1_000;
    private static final int MAX_INDENT = 30;

    private final Loop loop;
    private final StringBuilder text = new StringBuilder();
    private final Set<Future<?>> shown = identitySet();
    private final Deque<Branch> path = new ArrayDeque<>();
    private int lines;

    private Dump(Loop loop) {
        this.loop = loop;
    }

    static String of(Loop loop) {
        return new Dump(loop).write();
    }

    /** Where the thread is that has the loop, as another thread sees it; nothing before the first turn. Any thread. */
    static String ofHolder(Loop loop) {
        Task<?> task = loop.running();
        Thread own = task == null ? null : task.threadOrNull();
        Thread thread = own == null ? loop.driver().thread() : own;
        if (thread == null) {
            return "";
        }
        StringBuilder text = new StringBuilder("\n  ").append(task == null ? "its thread" : task.name());
        for (StackTraceElement frame : thread.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return text.toString();
    }

    private String write() {
        text.append(loop.name())
                .append(": ")
                .append(counted(loop.alive().count(), "task"))
                .append(", ")
                .append(counted(loop.readyCount(), "ready item"))
                .append(", ")
                .append(counted(loop.timerCount(), "timer"));
        List<Task<?>> tasks = new ArrayList<>();
        Set<Future<?>> awaited = identitySet();
        for (Task<?> task = loop.alive().newest(); task != null; task = task.following) {
            tasks.add(task);
            collectAwaited(task, awaited);
        }
        Collections.reverse(tasks);
        tasks.stream().filter(task -> !awaited.contains(task)).forEach(this::tree);
        tasks.forEach(this::tree); // those in a circle
        int left = (int) tasks.stream().filter(task -> !shown.contains(task)).count();
        if (left > 0) {
            text.append("\n  ... and ").append(counted(left, "task")).append(" more");
        }
        return text.toString();
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    /** What another loop's future waits for is that loop's business; and an origin of the user's may be broken. */
    private Collection<? extends Future<?>> awaitedBy(Future<?> future) {
        if (future.loop() != loop) {
            return List.of();
        }
        try {
            return List.copyOf(Waits.of(future));
        } catch (RuntimeException broken) {
            return List.of();
        }
    }

    private void collectAwaited(Task<?> task, Set<Future<?>> awaited) {
        Deque<Future<?>> open = new ArrayDeque<>(awaitedBy(task));
        while (!open.isEmpty()) {
            Future<?> future = open.pop();
            if (awaited.add(future) && !(future instanceof Task)) {
                open.addAll(awaitedBy(future));
            }
        }
    }

    private void tree(Task<?> root) {
        if (!shown.contains(root)) {
            enter(root);
        }
        while (!path.isEmpty()) {
            Branch branch = path.getLast();
            if (lines < MAX_LINES && branch.children.hasNext()) {
                enter(branch.children.next());
            } else {
                path.removeLast();
            }
        }
    }

    private void enter(Future<?> future) {
        if (lines >= MAX_LINES) {
            return;
        }
        if (path.stream().anyMatch(branch -> branch.future == future)) {
            line(circle(future));
        } else if (shown.add(future)) {
            line(future instanceof Task<?> task && task.loop() == loop ? describe(task) : name(future));
            path.addLast(new Branch(future, children(future).iterator()));
        } else {
            line(name(future) + ", see above");
        }
    }

    /** What a line has below it: what its line names stands there already. */
    private Collection<? extends Future<?>> children(Future<?> future) {
        Future<?> named = future instanceof Task<?> task ? task.awaiting() : null;
        return named == null || named instanceof Task ? awaitedBy(future) : awaitedBy(named);
    }

    private String circle(Future<?> again) {
        StringBuilder circle = new StringBuilder("circle: ");
        boolean inside = false;
        for (Branch branch : path) {
            inside |= branch.future == again;
            if (inside) {
                circle.append(name(branch.future)).append(" -> ");
            }
        }
        return circle.append(name(again)).toString();
    }

    private void line(String what) {
        lines++;
        text.append('\n')
                .append("  ".repeat(1 + Math.min(path.size(), MAX_INDENT)))
                .append(what);
    }

    private String describe(Task<?> task) {
        Future<?> awaited = task.awaiting();
        String state;
        if (awaited != null && !awaited.isDone()) {
            state = " awaits " + name(awaited) + " at " + site(task);
        } else if (task == loop.running()) {
            state = " is running";
        } else {
            state = " is ready to run at " + site(task);
        }
        String spawned = task.spawnedAt();
        return task.name() + state + (spawned == null ? "" : ", spawned at " + spawned);
    }

    private static String site(Task<?> task) {
        Thread thread = task.threadOrNull();
        return Sites.of(thread == null ? new StackTraceElement[0] : thread.getStackTrace());
    }

    private String name(Future<?> future) {
        if (future instanceof Task<?> task) {
            return task.loop() == loop
                    ? task.name()
                    : task.name() + " of loop " + task.loop().name();
        }
        int stages = 0;
        Future<?> base = future;
        while (base.origin() instanceof Future<?> source) {
            stages++;
            base = source;
        }
        String name = base instanceof Task<?> task ? task.name() : sourceName(base.origin());
        return switch (stages) {
            case 0 -> name;
            case 1 -> "a stage of " + name;
            default -> "stage " + stages + " after " + name;
        };
    }

    static String sourceName(@Nullable Object source) {
        if (source == null) {
            return "a promise";
        }
        Class<?> type = source.getClass();
        if (type.isHidden()) {
            String name = type.getName();
            return "a source made in " + name.substring(0, Math.max(name.indexOf("$$"), 0));
        }
        try {
            return String.valueOf(source);
        } catch (RuntimeException broken) {
            return type.getName();
        }
    }

    private static Set<Future<?>> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private record Branch(Future<?> future, Iterator<? extends Future<?>> children) {}
}
