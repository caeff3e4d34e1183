package io.coloop.examples.shop;

import static io.coloop.Await.sleep;
import static io.coloop.spring.WebFlux.flux;

import io.coloop.Loop;
import io.coloop.spring.RequestLoops;
import java.time.Duration;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** What goes on, once a second: a body that emits, as server-sent events. */
@RestController
public class LiveController {
    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final Traffic traffic;
    private final RequestLoops loops;

    LiveController(Traffic traffic, RequestLoops loops) {
        this.traffic = traffic;
        this.loops = loops;
    }

    @GetMapping(path = "/live", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<Live> live() {
        return flux(emitter -> {
            for (long before = traffic.ended(); ; ) { // until the browser leaves
                long now = traffic.ended();
                emitter.emit(new Live(
                        now,
                        now - before,
                        traffic.milliseconds(0.5),
                        traffic.milliseconds(0.99),
                        Loop.mode().name(),
                        each()));
                before = now;
                sleep(PERIOD);
            }
        });
    }

    private List<Live.Of> each() {
        return loops.loops().stream()
                .map(loop -> new Live.Of(
                        loop.name(),
                        loop.statistics().tasks(),
                        loop.statistics().items()))
                .toList();
    }
}
