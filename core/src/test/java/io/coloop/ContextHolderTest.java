package io.coloop;

import static io.coloop.Await.await;
import static io.coloop.Await.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.test.LoopTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The context of what runs in pieces. */
class ContextHolderTest {
    private static final ContextVar<String> VAR = ContextVar.of("var", "initial");
    private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();

    private static final ContextCapture LOCALS = () -> {
        String captured = LOCAL.get();
        return () -> {
            String before = LOCAL.get();
            LOCAL.set(captured);
            return () -> LOCAL.set(before);
        };
    };

    private static String piece(ContextHolder holder, String value) {
        Object entered = holder.enter();
        try {
            String seen = VAR.get();
            VAR.set(value);
            return seen;
        } finally {
            holder.exit(entered);
        }
    }

    @LoopTest
    void whatOnePieceSetsTheNextOneSees(Loop loop) {
        VAR.set("task");
        ContextHolder holder = ContextHolder.capture(loop);
        List<String> seen = new ArrayList<>();
        for (String value : List.of("one", "two")) {
            loop.execute(() -> seen.add(piece(holder, value) + " then " + VAR.get()));
            yieldNow();
        }
        assertThat(seen).containsExactly("task then task", "one then task");
        assertThat(VAR.get()).isEqualTo("task");
        assertThat(holder).hasToString("ContextHolder[Context[var=two]]");
    }

    @LoopTest
    void aPieceInATaskLeavesTheTasksOwn(Loop loop) {
        VAR.set("task");
        ContextHolder holder = ContextHolder.capture(loop);
        assertThat(piece(holder, "one")).isEqualTo("task");
        assertThat(VAR.get()).isEqualTo("task");
        assertThat(piece(holder, "two")).isEqualTo("one");
    }

    @LoopTest(foreignThreads = true)
    void trapTheNextPieceBeginsElsewhereBeforeThisOneIsLeft(Loop loop) throws Exception {
        ContextHolder holder = ContextHolder.capture(loop);
        Object entered = holder.enter();
        VAR.set("here");
        CompletableFuture<String> seen = new CompletableFuture<>();
        Thread other = new Thread(() -> {
            String there = piece(holder, "there");
            seen.complete(there + " then " + VAR.get());
        });
        other.start();
        other.join();
        holder.exit(entered);
        assertThat(seen.get()).isEqualTo("here then initial");
        assertThat(VAR.get()).isEqualTo("initial");
        assertThat(piece(holder, "end")).isEqualTo("there");
    }

    @LoopTest
    void itNests(Loop loop) {
        ContextHolder outer = ContextHolder.capture(loop);
        Object enteredOuter = outer.enter();
        VAR.set("outer");
        ContextHolder inner = outer.copy();
        assertThat(piece(inner, "inner")).isEqualTo("outer");
        Object again = outer.enter();
        VAR.set("again");
        outer.exit(again);
        assertThat(VAR.get()).isEqualTo("again");
        outer.exit(enteredOuter);
        assertThat(VAR.get()).isEqualTo("initial");
        assertThat(piece(inner, "")).isEqualTo("inner");
    }

    @LoopTest
    void aContextThatRunsInsideIsForgotten(Loop loop) {
        ContextHolder holder = ContextHolder.capture(loop);
        Object entered = holder.enter();
        VAR.set("held");
        String inside = Context.empty().run(() -> {
            VAR.set("inside");
            return VAR.get();
        });
        assertThat(inside).isEqualTo("inside");
        assertThat(VAR.get()).isEqualTo("held");
        holder.exit(entered);
    }

    @LoopTest
    void aChangeIsTakenBackInALaterPieceButNotElsewhere(Loop loop) {
        ContextHolder holder = ContextHolder.capture(loop);
        Object entered = holder.enter();
        ContextVar.Change change = VAR.set("held");
        holder.exit(entered);
        assertThatThrownBy(change::close)
                .isInstanceOf(LoopMisuseException.class)
                .hasMessageContaining("a change of a context variable is taken back where it was made");
        Object later = holder.enter();
        change.close();
        assertThat(VAR.get()).isEqualTo("initial");
        holder.exit(later);
    }

    @LoopTest
    void whatItStartsSeesIt(Loop loop) {
        ContextHolder holder = ContextHolder.capture(loop);
        List<String> seen = new ArrayList<>();
        Object entered = holder.enter();
        VAR.set("held");
        Task<String> child = Task.spawn(VAR::get);
        loop.execute(() -> seen.add(VAR.get()));
        loop.execute(() -> seen.add(VAR.get()), Context.empty());
        VAR.set("later");
        loop.execute(() -> seen.add(VAR.get()), Context.current());
        holder.exit(entered);
        assertThat(await(child)).isEqualTo("held");
        assertThat(seen).containsExactly("held", "initial", "later");
    }

    @Test
    void outsideALoopToo() {
        Loop loop = Loop.start("closed");
        loop.close();
        ContextHolder holder = ContextHolder.capture(loop);
        assertThat(piece(holder, "one")).isEqualTo("initial");
        assertThat(VAR.get()).isEqualTo("initial");
        assertThat(piece(holder, "two")).isEqualTo("one");
        assertThatThrownBy(() -> loop.execute(() -> {}, Context.empty())).isInstanceOf(LoopClosedException.class);
    }

    @Test
    void foreignContextIsInPlaceInEachPiece() {
        List<String> seen = new ArrayList<>();
        Loop.builder().contextCapture(LOCALS).run(() -> {
            Loop loop = Loop.current();
            LOCAL.set("first");
            ContextHolder holder = ContextHolder.capture(loop);
            LOCAL.set("second");
            ContextHolder copy = holder.copy();
            Object entered = holder.enter();
            seen.add(LOCAL.get());
            LOCAL.set("third");
            ContextHolder child = holder.copy();
            holder.exit(entered);
            seen.add(LOCAL.get());
            LOCAL.remove();
            for (ContextHolder each : List.of(holder, copy, child)) {
                loop.execute(() -> {
                    Object inside = each.enter();
                    seen.add(LOCAL.get());
                    each.exit(inside);
                    seen.add(LOCAL.get());
                });
            }
            yieldNow();
        });
        assertThat(seen).containsExactly("first", "second", "first", null, "first", null, "third", null);
    }

    @Test
    void aCaptureThatFailsIsReportedAndChangesNothing() {
        IllegalStateException failure = new IllegalStateException("no context");
        List<Report> reports = new CopyOnWriteArrayList<>();
        Loop loop = Loop.builder()
                .contextCapture(() -> () -> {
                    throw failure;
                })
                .exceptionHandler(reports::add)
                .start();
        ContextHolder holder = ContextHolder.capture(loop);
        assertThat(piece(holder, "one")).isEqualTo("initial");
        assertThat(piece(holder, "two")).isEqualTo("one");
        loop.close();
        assertThat(reports).extracting(Report::failure).containsExactly(failure, failure);
    }

    @Test
    void eachLoopHasALocalOfItsOwn() {
        List<Loop> made = new ArrayList<>();
        LoopLocal<Object> local = LoopLocal.withInitial(loop -> {
            made.add(loop);
            return new Object();
        });
        try (Loop one = Loop.start("one");
                Loop two = Loop.start("two")) {
            Object ofOne = local.get(one);
            assertThat(local.get(one)).isSameAs(ofOne).isNotSameAs(local.get(two));
            assertThat(made).containsExactly(one, two);
            LoopLocal<String> broken = LoopLocal.withInitial(loop -> null);
            assertThatThrownBy(() -> broken.get(one))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("initial value");
        }
    }
}
