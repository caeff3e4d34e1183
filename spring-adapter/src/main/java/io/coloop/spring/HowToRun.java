package io.coloop.spring;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils.MethodFilter;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.method.ControllerAdviceBean;
import org.springframework.web.method.HandlerMethod;

/** How each controller method runs. Thread-safe. */
final class HowToRun {
    /** Ways to run a controller method. */
    enum Way {
        /** As a task on the request's loop. */
        TASK,
        /** On a thread of an executor. */
        BLOCKING,
        /** As Spring does without an executor. */
        INLINE
    }

    private static final MethodFilter MODEL_METHODS =
            method -> AnnotatedElementUtils.hasAnnotation(method, ModelAttribute.class)
                    && !AnnotatedElementUtils.hasAnnotation(method, RequestMapping.class);

    private record Key(Class<?> controller, Method method) {}

    private final ReactiveAdapterRegistry reactiveTypes;
    private final @Nullable TaskMethods chosen;
    private final @Nullable Predicate<? super HandlerMethod> applicationsBlocking; // null: it has no executor
    private final ApplicationContext application;
    private final Map<Key, Way> known = new ConcurrentHashMap<>();
    private final Map<Class<?>, Boolean> modelMethods = new ConcurrentHashMap<>();

    HowToRun(
            ReactiveAdapterRegistry reactiveTypes,
            @Nullable TaskMethods chosen,
            @Nullable Predicate<? super HandlerMethod> applicationsBlocking,
            ApplicationContext application) {
        this.application = application;
        this.reactiveTypes = reactiveTypes;
        this.chosen = chosen;
        this.applicationsBlocking = applicationsBlocking;
    }

    /** Whether the application has given the adapter an executor. */
    boolean hasApplicationsExecutor() {
        return applicationsBlocking != null;
    }

    Way of(HandlerMethod method) {
        Key key = new Key(method.getBeanType(), method.getMethod());
        Way way = known.get(key);
        if (way == null) {
            way = decide(method);
            known.put(key, way);
        }
        return way;
    }

    /** Whether methods that make model attributes are called before the method. */
    boolean hasModelMethods(HandlerMethod method) {
        Class<?> controller = method.getBeanType();
        Boolean has = modelMethods.get(controller);
        if (has == null) {
            has = hasModelMethods(controller)
                    || ControllerAdviceBean.findAnnotatedBeans(application).stream()
                            .filter(advice -> advice.isApplicableToBeanType(controller))
                            .map(ControllerAdviceBean::getBeanType)
                            .anyMatch(type -> type != null && hasModelMethods(type));
            modelMethods.put(controller, has);
        }
        return has;
    }

    private static boolean hasModelMethods(Class<?> type) {
        return !MethodIntrospector.selectMethods(type, MODEL_METHODS).isEmpty();
    }

    private Way decide(HandlerMethod method) {
        if (isAnnotated(method, Blocking.class)) {
            return Way.BLOCKING;
        }
        boolean applications = applicationsBlocking != null && applicationsBlocking.test(method);
        Way otherwise = applications ? Way.BLOCKING : Way.INLINE;
        if (!isPlain(method, reactiveTypes)) {
            return otherwise;
        }
        AsTask asTask = annotation(method, AsTask.class);
        if (asTask != null) {
            return asTask.value() ? Way.TASK : Way.INLINE;
        }
        boolean task = chosen != null ? chosen.isTask(method) : !applications;
        return task ? Way.TASK : otherwise;
    }

    /** Whether a method returns its value rather than something that will have it. */
    static boolean isPlain(HandlerMethod method, ReactiveAdapterRegistry reactiveTypes) {
        Class<?> type = method.getReturnType().getParameterType();
        return reactiveTypes.getAdapter(type) == null
                && !CompletionStage.class.isAssignableFrom(type)
                && !KotlinDetector.isSuspendingFunction(method.getMethod());
    }

    /** On the method, or on its class while the method says nothing else. */
    private static boolean isAnnotated(HandlerMethod method, Class<Blocking> type) {
        return method.hasMethodAnnotation(type)
                || (!method.hasMethodAnnotation(AsTask.class)
                        && AnnotatedElementUtils.hasAnnotation(method.getBeanType(), type));
    }

    private static <A extends Annotation> @Nullable A annotation(HandlerMethod method, Class<A> type) {
        A own = method.getMethodAnnotation(type);
        return own != null ? own : AnnotatedElementUtils.findMergedAnnotation(method.getBeanType(), type);
    }
}
