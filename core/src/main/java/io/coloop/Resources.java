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
                "subscription",
                loop.subscriptions().list().stream().map(Object::toString).toList());
        resources.add(
                "close hook",
                loop.closeHooks().list().stream().map(Resources::registeredAt).toList());
        resources.add(
                "channel",
                loop.channels().list().stream().map(Resources::madeAt).toList());
        return List.copyOf(resources.lines);
    }

    private void add(String kind, List<String> those) {
        those.stream().limit(MAX_OF_A_KIND).forEach(one -> lines.add(kind + " " + one));
        if (those.size() > MAX_OF_A_KIND) {
            lines.add(kind + "s: " + (those.size() - MAX_OF_A_KIND) + " more");
        }
    }

    private static String registeredAt(CloseHook hook) {
        String site = hook.site();
        if (site != null && !site.equals(Sites.UNKNOWN)) {
            return "registered at " + site;
        }
        VoidBody<?> action = hook.action(); // registered while something was subscribed, below no frame of the user's
        return action.getClass().isHidden() ? madeIn(action) : "of " + action;
    }

    private static String madeAt(Readiness channel) {
        return channel + (channel.site() == null ? "" : ", made at " + channel.site());
    }

    private static String madeIn(Object callback) {
        String name = callback.getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        return "made in " + (lambda < 0 ? name : name.substring(0, lambda));
    }

    private String dueIn(TimerHeap.Timer timer) {
        Duration left = Duration.ofNanos(timer.deadline() - loop.time());
        return "due in " + left + (timer.action() instanceof Sited sited ? ", set at " + sited.site() : "");
    }
}
