package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.Mode;
import io.coloop.spring.HowToRun.Way;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.util.ClassUtils;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;

/** Says once, when the application has started, how its controller methods run. */
final class StartupLine implements ApplicationListener<ApplicationStartedEvent> {
    /** In Spring Boot 4 and 3. */
    private static final String[] NETTY_SERVERS = {
        "org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory",
        "org.springframework.boot.web.embedded.netty.NettyReactiveWebServerFactory"
    };

    private final ListableBeanFactory beans;
    private final HandlerAdapterPostProcessor adapters;
    private final RequestLoops loops;

    StartupLine(ListableBeanFactory beans, HandlerAdapterPostProcessor adapters, RequestLoops loops) {
        this.beans = beans;
        this.adapters = adapters;
        this.loops = loops;
    }

    @Override
    public void onApplicationEvent(ApplicationStartedEvent event) {
        System.getLogger("io.coloop").log(System.Logger.Level.INFO, text(Loop.mode()));
        Loop.logModeNotice(); // here, and not at the first request
    }

    private String text(Mode mode) {
        Map<Way, Integer> counts = new EnumMap<>(Way.class);
        HowToRun how = adapters.howToRun();
        if (how != null) {
            beans.getBeansOfType(RequestMappingHandlerMapping.class).values().stream()
                    .flatMap(mapping -> mapping.getHandlerMethods().values().stream())
                    .forEach(method -> counts.merge(how.of(method), 1, Integer::sum));
        }
        StringBuilder text = new StringBuilder("controller methods as tasks on the request's loop: ")
                .append(counts.getOrDefault(Way.TASK, 0))
                .append(", in ")
                .append(mode == Mode.MOUNTED ? "mounted" : "hand-off")
                .append(" mode");
        if (counts.containsKey(Way.BLOCKING)) {
            text.append("; on ")
                    .append(
                            adapters.hasApplicationsExecutor()
                                    ? "the application's executor"
                                    : "threads that may block")
                    .append(": ")
                    .append(counts.get(Way.BLOCKING));
        }
        if (!hasNettyServer()) {
            text.append("; requests do not come on Netty event loops, so loops with threads of their own: ")
                    .append(loops.groupSize());
        }
        return text.toString();
    }

    private boolean hasNettyServer() {
        ClassLoader loader = StartupLine.class.getClassLoader();
        return Stream.of(NETTY_SERVERS)
                .filter(name -> ClassUtils.isPresent(name, loader))
                .map(name -> ClassUtils.resolveClassName(name, loader))
                .anyMatch(type -> beans.getBeanNamesForType(type, true, false).length > 0);
    }
}
