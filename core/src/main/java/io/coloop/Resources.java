package io.coloop;

import io.coloop.internal.queue.TimerHeap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a loop holds besides its tasks, and whose it is. Loop only. */
final class Resources {
    private static final int MAX_OF_A_KIND = 20;

    private final Loop loop;
    private final List<String> lines = new ArrayList<>();

    private Resources(Loop loop) {
        this.loop = loop;
    }

    static List<String> of(Loop loop) {
        Resources resources = new Resources(loop);
        resources.add(
                "callback",
                loop.readyCallbacks().stream().map(Resources::madeIn).toList());
        resources.add("timer", loop.timers().stream().map(resources::dueIn).toList());
        resources.add(
                "close hook",
                loop.closeHooks().list().stream()
                        .map(hook -> hook.site() == null ? hook.toString() : "registered at " + hook.site())
                        .toList());
        return List.copyOf(resources.lines);
    }

    private void add(String kind, List<String> those) {
        those.stream().limit(MAX_OF_A_KIND).forEach(one -> lines.add(kind + " " + one));
        if (those.size() > MAX_OF_A_KIND) {
            lines.add(kind + "s: " + (those.size() - MAX_OF_A_KIND) + " more");
        }
    }

    private static String madeIn(Runnable callback) {
        String name = callback.getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        return "made in " + (lambda < 0 ? name : name.substring(0, lambda));
    }

    private String dueIn(TimerHeap.Timer timer) {
        Duration left = Duration.ofNanos(timer.deadline() - loop.time());
        return "due in " + left + (timer.action() instanceof Sited sited ? ", set at " + sited.site() : "");
    }
}
