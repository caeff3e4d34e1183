package io.coloop.spring;

import io.coloop.Loop;
import io.coloop.Mode;
import io.coloop.spring.HowToRun.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;
import org.springframework.util.ClassUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.reactive.HandlerAdapter;
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
        int tasks = 0;
        int applications = 0;
        int blocking = 0;
        List<Map.Entry<String, HandlerAdapter>> asked = adaptersInTurn();
        for (RequestMappingHandlerMapping mapping :
                beans.getBeansOfType(RequestMappingHandlerMapping.class).values()) {
            for (HandlerMethod method : mapping.getHandlerMethods().values()) {
                HowToRun how = howToRun(method, asked);
                Way way = how == null ? Way.INLINE : how.of(method);
                if (way == Way.TASK) {
                    tasks++;
                } else if (way == Way.BLOCKING && how != null && how.hasApplicationsExecutor()) {
                    applications++;
                } else if (way == Way.BLOCKING) {
                    blocking++;
                }
            }
        }
        StringBuilder text = new StringBuilder("controller methods as tasks on the request's loop: ")
                .append(tasks)
                .append(", in ")
                .append(mode == Mode.MOUNTED ? "mounted" : "hand-off")
                .append(" mode");
        if (applications > 0) {
            text.append("; on the application's executor: ").append(applications);
        }
        if (blocking > 0) {
            text.append("; on threads that may block: ").append(blocking);
        }
        if (!hasNettyServer()) {
            text.append("; requests do not come on Netty event loops, so loops with threads of their own: ")
                    .append(loops.groupSize());
        }
        return text.toString();
    }

    /** As Spring's dispatcher asks them. */
    private List<Map.Entry<String, HandlerAdapter>> adaptersInTurn() {
        List<Map.Entry<String, HandlerAdapter>> all =
                new ArrayList<>(BeanFactoryUtils.beansOfTypeIncludingAncestors(beans, HandlerAdapter.class, true, false)
                        .entrySet());
        all.sort((one, other) -> AnnotationAwareOrderComparator.INSTANCE.compare(one.getValue(), other.getValue()));
        return all;
    }

    /** Null if the method's adapter is none of those that run tasks. */
    private @Nullable HowToRun howToRun(HandlerMethod method, List<Map.Entry<String, HandlerAdapter>> asked) {
        return asked.stream()
                .filter(adapter -> adapter.getValue().supports(method))
                .findFirst()
                .map(adapter -> adapters.howToRun(adapter.getKey()))
                .orElse(null);
    }

    private boolean hasNettyServer() {
        ClassLoader loader = StartupLine.class.getClassLoader();
        return Stream.of(NETTY_SERVERS)
                .filter(name -> ClassUtils.isPresent(name, loader))
                .map(name -> ClassUtils.resolveClassName(name, loader))
                .anyMatch(type -> beans.getBeanNamesForType(type, true, false).length > 0);
    }
}
