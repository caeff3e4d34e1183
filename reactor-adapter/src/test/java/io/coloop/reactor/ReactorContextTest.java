package io.coloop.reactor;

import static io.coloop.Await.await;
import static io.coloop.Await.blocking;
import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.awaitLast;
import static io.coloop.reactor.Reactor.context;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.future;
import static io.coloop.reactor.Reactor.iterate;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Reactor.withContext;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Body;
import io.coloop.Future;
import io.coloop.Loop;
import io.coloop.LoopMisuseException;
import io.coloop.Task;
import io.coloop.TaskGroup;
import io.coloop.stream.Iteration;
import io.coloop.test.LoopExtension;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** The Reactor Context of a task, in both directions: what the body sees of its subscriber's, and what the body's publishers see of the task's. */
class ReactorContextTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final Dropped dropped = new Dropped();

    private static final Mono<String> USER =
            Mono.deferContextual(context -> Mono.just(context.getOrDefault("user", "nobody")));

    private static String user() {
        return context().getOrDefault("user", "nobody");
    }

    private static Context as(String user) {
        return Context.of("user", user);
    }

    // ---- the body sees its subscriber's

    @LoopTest
    void aBodyOfAMonoSeesItsSubscribersContext(Loop loop) {
        Mono<String> who = mono(loop, ReactorContextTest::user);
        assertThat(await(who.contextWrite(as("ada")))).isEqualTo("ada");
        assertThat(await(who.contextWrite(as("bob")))).isEqualTo("bob");
        assertThat(await(who)).isEqualTo("nobody");
    }

    @LoopTest
    void aBodyOfAFluxSeesItsSubscribersContext(Loop loop) {
        Flux<String> who = flux(loop, emitter -> emitter.emit(user()));
        assertThat(awaitLast(who.contextWrite(as("ada")))).isEqualTo("ada");
        assertThat(awaitLast(who)).isEqualTo("nobody");
        Iterable<String> lazy = () -> List.of(user()).iterator();
        assertThat(awaitLast(flux(loop, lazy).contextWrite(as("ada")))).isEqualTo("ada");
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void subscribedFromAnotherThread(Loop loop) {
        assertThat(mono(loop, ReactorContextTest::user).contextWrite(as("ada")).block(LIMIT))
                .isEqualTo("ada");
        Flux<String> who = flux(loop, emitter -> emitter.emit(user()));
        assertThat(who.contextWrite(as("ada")).blockLast(LIMIT)).isEqualTo("ada");
    }

    @LoopTest
    void theSubscribersContextCountsAlsoIfItIsEmpty(Loop loop) {
        List<String> seen = new ArrayList<>();
        withContext(as("ada"), () -> {
            mono(loop, () -> seen.add(user())).subscribe(); // which gives no Context
            seen.add(await(mono(loop, ReactorContextTest::user)));
        });
        settle();
        assertThat(seen).containsExactlyInAnyOrder("nobody", "ada");
    }

    // ---- what a body subscribes to sees the task's

    @LoopTest
    void whateverATaskSubscribesToSeesItsContext(Loop loop) {
        Body<List<String>, RuntimeException> all = () -> {
            List<String> seen = new ArrayList<>();
            seen.add(await(USER));
            seen.add(await(USER.flux()));
            seen.add(Reactor.awaitRequired(USER));
            seen.add(Reactor.awaitOptional(USER.flux()).orElseThrow());
            seen.add(Reactor.awaitFirst(USER.flux()));
            seen.add(awaitLast(USER.flux()));
            seen.add(await(future(USER)));
            seen.add(await(future(USER.flux())));
            try (Iteration<String> items = iterate(USER.flux())) {
                items.forEach(seen::add);
            }
            return seen;
        };
        assertThat(await(mono(loop, all).contextWrite(as("ada")))).hasSize(9).containsOnly("ada");
        assertThat(all.run()).hasSize(9).containsOnly("nobody");
    }

    @LoopTest
    void trapTheContextLostForAPublisherThatIsNeitherMonoNorFlux(Loop loop) {
        Publisher<String> foreign = subscriber -> USER.subscribe(subscriber);
        List<Function<Publisher<String>, Object>> ways =
                List.of(Reactor::await, Reactor::awaitFirst, Reactor::awaitLast, p -> await(future(p)), p -> {
                    try (Iteration<String> items = iterate(p)) {
                        return items.iterator().next();
                    }
                });
        withContext(as("ada"), () -> {
            for (Function<Publisher<String>, Object> way : ways) {
                assertThat(way.apply(foreign)).isEqualTo("ada");
            }
        });
        Publisher<String> asking = subscriber -> Mono.just(
                        ((CoreSubscriber<?>) subscriber).currentContext().<String>get("user"))
                .subscribe(subscriber);
        withContext(as("ada"), () -> assertThat(await(asking)).isEqualTo("ada"));
    }

    @LoopTest
    void outAndInAgainAndNested(Loop loop) {
        Mono<String> inner = mono(loop, () -> {
            sleep(Duration.ofMillis(1));
            return await(USER) + "/" + user();
        });
        Mono<String> outer = mono(loop, () -> {
            sleep(Duration.ofMillis(1));
            String before = await(inner);
            String changed = await(inner.contextWrite(as("bob")));
            return before + " " + changed + " " + await(inner) + " " + user();
        });
        assertThat(await(outer.contextWrite(as("ada")))).isEqualTo("ada/ada bob/bob ada/ada ada");
    }

    @LoopTest
    void entriesOfEachLevelAddUp(Loop loop) {
        Mono<String> deep =
                Mono.deferContextual(context -> Mono.just(context.get("a") + "" + context.get("b") + context.get("c")));
        Mono<String> middle =
                mono(loop, () -> withContext(Context.of("b", 2), () -> await(deep.contextWrite(Context.of("c", 3)))));
        assertThat(await(middle.contextWrite(Context.of("a", 1)))).isEqualTo("123");
    }

    @LoopTest
    void trapTheContextLostAfterADelay(Loop loop) {
        Mono<List<String>> body = mono(loop, () -> {
            List<String> seen = new ArrayList<>();
            seen.add(await(USER));
            sleep(Duration.ofSeconds(1));
            seen.add(await(USER));
            seen.add(await(
                    Mono.delay(Duration.ofSeconds(1), Reactor.scheduler(loop)).then(USER)));
            blocking(() -> null);
            seen.add(await(USER));
            return seen;
        });
        assertThat(await(body.contextWrite(as("ada")))).hasSize(4).containsOnly("ada");
    }

    // ---- beside spawn: children inherit it, siblings are isolated

    @LoopTest
    void childTasksInheritIt(Loop loop) {
        Mono<List<String>> body = mono(
                loop,
                () -> TaskGroup.run(group -> {
                    Task<String> one = group.spawn(() -> await(USER));
                    Task<String> other = group.spawn(() -> {
                        sleep(Duration.ofSeconds(1));
                        return await(Task.spawn(() -> await(USER)));
                    });
                    return List.of(await(one), await(other), await(USER));
                }));
        assertThat(await(body.contextWrite(as("ada")))).containsOnly("ada").hasSize(3);
    }

    @LoopTest
    void callbacksAndTimersHaveIt(Loop loop) {
        List<String> seen = new ArrayList<>();
        withContext(as("ada"), () -> {
            loop.callSoon(() -> seen.add(user()));
            loop.callLater(
                    Duration.ofSeconds(1), () -> USER.subscribe(seen::add)); // a subscriber of one's own has its own
            loop.callLater(Duration.ofSeconds(1), () -> future(USER).thenAccept(seen::add));
        });
        sleep(Duration.ofSeconds(2));
        assertThat(seen).containsExactlyInAnyOrder("ada", "nobody", "ada");
    }

    @LoopTest
    void siblingsAreIsolated(Loop loop) {
        List<Task<String>> tasks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String name = "user " + i;
            tasks.add(Task.spawn(() -> await(mono(loop, () -> {
                        sleep(Duration.ofNanos(name.hashCode() & 0xff));
                        return await(USER);
                    })
                    .contextWrite(as(name)))));
        }
        for (int i = 0; i < 20; i++) {
            assertThat(await(tasks.get(i))).isEqualTo("user " + i);
        }
        assertThat(user()).isEqualTo("nobody");
    }

    @LoopTest
    void whatAChildChangesIsItsOwn() {
        withContext(as("ada"), () -> {
            Task<String> child = Task.spawn(() -> withContext(as("bob"), () -> {
                sleep(Duration.ofSeconds(1));
                return await(USER);
            }));
            settle();
            assertThat(await(USER)).isEqualTo("ada");
            assertThat(await(child)).isEqualTo("bob");
            assertThat(await(USER)).isEqualTo("ada");
        });
    }

    @LoopTest
    void operatorsOfAnEmittingBodySeeTheirOwnSubscribers(Loop loop) {
        List<String> seen = new ArrayList<>();
        Flux<String> emitting = flux(loop, emitter -> {
            emitter.emit(await(USER));
            withContext(as("bob"), () -> emitter.emit(await(USER)));
            emitter.emit(await(USER));
        });
        awaitLast(emitting.flatMap(item -> USER.map(who -> item + " to " + who), 1)
                .doOnNext(seen::add)
                .contextWrite(as("ada")));
        assertThat(seen).containsExactly("ada to ada", "bob to ada", "ada to ada");
    }

    // ---- withContext

    @LoopTest
    void withContextAddsAndTakesBack() throws IOException {
        assertThat(context().isEmpty()).isTrue();
        String seen = withContext(
                Context.of("a", 1),
                () -> withContext(
                        context -> context.put("b", 2).delete("a"),
                        () -> context().toString()));
        assertThat(seen).isEqualTo(Context.of("b", 2).toString());
        assertThat(context().isEmpty()).isTrue();
        IOException failure = new IOException();
        assertThatThrownBy(() -> withContext(as("ada"), () -> {
                    throw failure;
                }))
                .isSameAs(failure);
        assertThat(context().isEmpty()).isTrue();
        withContext(context -> context, () -> assertThat(context().isEmpty()).isTrue());
    }

    @LoopTest
    void withContextTakesAView() {
        ContextView view = as("ada").readOnly();
        assertThat(withContext(view, () -> await(USER))).isEqualTo("ada");
        assertThat(withContext(context -> Context.of(view), () -> await(USER))).isEqualTo("ada");
    }

    @LoopTest
    void nullIsRefusedByName() {
        assertThatThrownBy(() -> withContext((ContextView) null, () -> 1)).hasMessage("entries");
        assertThatThrownBy(() -> withContext((Function<Context, Context>) null, () -> 1))
                .hasMessage("change");
        assertThatThrownBy(() -> withContext(context -> null, () -> 1)).hasMessage("what the function made");
        assertThatThrownBy(() -> withContext(as("ada"), (Body<Object, RuntimeException>) null))
                .hasMessage("body");
    }

    @Test
    void onAnyThreadItIsTheThreads() {
        assertThat(user()).isEqualTo("nobody");
        assertThat(withContext(as("ada"), ReactorContextTest::user)).isEqualTo("ada");
        assertThat(withContext(as("ada"), () -> Loop.run(() -> await(USER)))).isEqualTo("ada");
        assertThat(user()).isEqualTo("nobody");
    }

    @Test
    void aHostsThreadMaySubscribeOutsideTurns() throws Exception {
        ScheduledExecutorService host = Executors.newSingleThreadScheduledExecutor();
        try {
            Loop loop = Loop.on(host);
            AtomicReference<Object> misuse = new AtomicReference<>();
            String seen = host.submit(() -> {
                        try {
                            withContext(as("bob"), () -> 1);
                        } catch (LoopMisuseException refused) {
                            misuse.set(refused);
                        }
                        return mono(loop, () -> await(USER))
                                .contextWrite(as("ada"))
                                .toFuture();
                    })
                    .get(30, TimeUnit.SECONDS)
                    .get(30, TimeUnit.SECONDS);
            assertThat(seen).isEqualTo("ada");
            assertThat(misuse.get()).isNotNull();
            loop.close();
        } finally {
            host.shutdown();
        }
    }

    // ---- a hook in the Context

    @LoopTest
    void theSubscribersDiscardHookIsTheBodys(Loop loop) {
        List<Object> discarded = new ArrayList<>();
        Mono<String> body = mono(loop, () -> {
            awaitLast(Flux.range(1, 3));
            await(Flux.range(1, 5).filter(i -> i == 3));
            settle();
            return "done";
        });
        assertThat(await(body.doOnDiscard(Integer.class, discarded::add))).isEqualTo("done");
        assertThat(discarded).containsExactly(1, 2, 1, 2, 4, 5); // as within a flatMap
    }

    // ---- composition

    /** What a library for transactions is made of: a resource in the Context of what runs inside it, and an end that depends on that one's. */
    private record Transactions(Trail trail) {
        static final Mono<String> CURRENT =
                Mono.deferContextual(context -> Mono.just(context.getOrDefault("transaction", "none")));

        <T> Mono<T> in(String name, Mono<T> work) {
            return Mono.usingWhen(
                    Mono.fromSupplier(() -> {
                        trail.mark("begin " + name);
                        return name;
                    }),
                    transaction -> work.contextWrite(Context.of("transaction", transaction)),
                    transaction -> Mono.fromRunnable(() -> trail.mark("commit " + name)),
                    (transaction, failure) -> Mono.fromRunnable(() -> trail.mark("roll back " + name)),
                    transaction -> Mono.fromRunnable(() -> trail.mark("cancel " + name)));
        }

        Mono<Void> save(String row) {
            return CURRENT.doOnNext(transaction -> trail.mark("save " + row + " in " + transaction))
                    .then();
        }
    }

    @LoopTest
    void anOperatorForTransactionsWorksByComposition(Loop loop, Trail trail) {
        Transactions transactions = new Transactions(trail);
        await(transactions.in("t1", mono(loop, () -> {
            await(transactions.save("a"));
            sleep(Duration.ofSeconds(1));
            Task<Void> child = Task.spawn(() -> {
                await(transactions.save("b"));
            });
            await(transactions.in("t2", mono(loop, () -> {
                await(transactions.save("c"));
            })));
            await(child);
            await(transactions.save("d"));
        })));
        await(transactions.save("e"));
        assertThat(trail.marks())
                .containsExactly(
                        "begin t1",
                        "save a in t1",
                        "begin t2",
                        "save b in t1",
                        "save c in t2",
                        "commit t2",
                        "save d in t1",
                        "commit t1",
                        "save e in none");
    }

    @LoopTest
    void itRollsBackOnFailureAndOnCancel(Loop loop, Trail trail) {
        Transactions transactions = new Transactions(trail);
        assertThatThrownBy(() -> await(transactions.in("t1", mono(loop, () -> {
                    await(transactions.save("a"));
                    throw new IllegalStateException("broken");
                }))))
                .hasMessage("broken");
        Task<Void> task = Task.spawn(() -> {
            await(transactions.in("t2", mono(loop, () -> {
                await(transactions.save("b"));
                sleep(Duration.ofDays(1));
            })));
        });
        settle();
        task.cancel();
        Settling.endOf(task);
        settle();
        assertThat(trail.marks())
                .containsExactly("begin t1", "save a in t1", "roll back t1", "begin t2", "save b in t2", "cancel t2");
    }

    @LoopTest
    void futuresOfAContextAreSubscribedInIt() {
        Future<String> future = withContext(as("ada"), () -> future(USER));
        assertThat(await(future)).isEqualTo("ada");
    }
}
