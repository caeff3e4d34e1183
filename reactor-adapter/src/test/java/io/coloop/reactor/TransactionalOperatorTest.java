package io.coloop.reactor;

import static io.coloop.Await.sleep;
import static io.coloop.reactor.Reactor.await;
import static io.coloop.reactor.Reactor.flux;
import static io.coloop.reactor.Reactor.mono;
import static io.coloop.reactor.Settling.endOf;
import static io.coloop.reactor.Settling.settle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.coloop.Loop;
import io.coloop.Task;
import io.coloop.TaskCancelledException;
import io.coloop.test.LoopTest;
import io.coloop.test.Trail;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.AbstractReactiveTransactionManager;
import org.springframework.transaction.reactive.GenericReactiveTransaction;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Spring's transactions work on a body by composition: they are in the Reactor Context, which a body has and hands on. */
class TransactionalOperatorTest {
    @RegisterExtension
    final Dropped dropped = new Dropped();

    private Manager manager;
    private TransactionalOperator operator;
    private Repository repository;

    @BeforeEach
    void setUp() {
        manager = new Manager(new Trail());
        operator = TransactionalOperator.create(manager);
        repository = new Repository(manager);
    }

    /** A manager whose transactions are numbers. */
    private static final class Manager extends AbstractReactiveTransactionManager {
        private static final long serialVersionUID = 1L;

        private final transient Trail trail;
        private int count;

        Manager(Trail trail) {
            this.trail = trail;
        }

        @Override
        protected Object doGetTransaction(TransactionSynchronizationManager context) {
            Object bound = context.getResource(this);
            return bound != null ? bound : "new";
        }

        @Override
        protected boolean isExistingTransaction(Object transaction) {
            return !transaction.equals("new");
        }

        @Override
        protected Mono<Object> doSuspend(TransactionSynchronizationManager context, Object transaction) {
            return Mono.fromSupplier(() -> context.unbindResource(this));
        }

        @Override
        protected Mono<Void> doResume(TransactionSynchronizationManager context, Object transaction, Object suspended) {
            return Mono.fromRunnable(() -> context.bindResource(this, suspended));
        }

        @Override
        protected Mono<Void> doBegin(
                TransactionSynchronizationManager context, Object transaction, TransactionDefinition definition) {
            return Mono.fromRunnable(() -> {
                String name = "t" + ++count;
                trail.mark("begin " + name);
                context.bindResource(this, name);
            });
        }

        @Override
        protected Mono<Void> doCommit(TransactionSynchronizationManager context, GenericReactiveTransaction status) {
            return Mono.fromRunnable(() -> trail.mark("commit " + context.getResource(this)));
        }

        @Override
        protected Mono<Void> doRollback(TransactionSynchronizationManager context, GenericReactiveTransaction status) {
            return Mono.fromRunnable(() -> trail.mark("roll back " + context.getResource(this)));
        }

        @Override
        protected Mono<Void> doSetRollbackOnly(
                TransactionSynchronizationManager context, GenericReactiveTransaction status) {
            return Mono.empty();
        }

        @Override
        protected Mono<Void> doCleanupAfterCompletion(TransactionSynchronizationManager context, Object transaction) {
            return Mono.fromRunnable(() -> context.unbindResource(this));
        }
    }

    /** Finds its transaction as a reactive driver does. */
    private record Repository(Manager manager) {
        Mono<Integer> save(String row) {
            return TransactionSynchronizationManager.forCurrentTransaction()
                    .map(context -> String.valueOf(context.getResource(manager)))
                    .onErrorReturn("none")
                    .doOnNext(transaction -> manager.trail.mark("save " + row + " in " + transaction))
                    .thenReturn(row.length());
        }
    }

    private static TransactionDefinition requiresNew() {
        return new DefaultTransactionDefinition(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    }

    @LoopTest
    void bothSavesAreInTheTransactionOfTheBody(Loop loop) {
        Integer saved = await(operator.transactional(mono(loop, () -> {
            int first = await(repository.save("a"));
            sleep(Duration.ofSeconds(1));
            return first + await(repository.save("bc"));
        })));
        await(repository.save("outside"));
        assertThat(saved).isEqualTo(3);
        assertThat(manager.trail.marks())
                .containsExactly("begin t1", "save a in t1", "save bc in t1", "commit t1", "save outside in none");
    }

    @LoopTest
    void aChildTaskAndAFluxAreInItToo(Loop loop) {
        await(operator.transactional(mono(loop, () -> {
            Task<Integer> child = Task.spawn(() -> await(repository.save("child")));
            Flux<Integer> rows = flux(loop, emitter -> emitter.emit(await(repository.save("flux"))));
            for (int saved : Reactor.iterate(rows)) {
                assertThat(saved).isEqualTo(4);
            }
            return io.coloop.Await.await(child);
        })));
        assertThat(manager.trail.marks())
                .containsExactly("begin t1", "save child in t1", "save flux in t1", "commit t1");
    }

    @LoopTest
    void nestedWithinABody(Loop loop) {
        TransactionalOperator own = TransactionalOperator.create(manager, requiresNew());
        await(operator.transactional(mono(loop, () -> {
            await(repository.save("a"));
            await(operator.transactional(mono(loop, () -> await(repository.save("joins")))));
            await(own.transactional(mono(loop, () -> await(repository.save("own")))));
            return await(repository.save("b"));
        })));
        assertThat(manager.trail.marks())
                .containsExactly(
                        "begin t1",
                        "save a in t1",
                        "save joins in t1",
                        "begin t2",
                        "save own in t2",
                        "commit t2",
                        "save b in t1",
                        "commit t1");
    }

    @LoopTest
    void aFailureRollsBack(Loop loop) {
        assertThatThrownBy(() -> await(operator.transactional(mono(loop, () -> {
                    await(repository.save("a"));
                    throw new IOException("broken");
                }))))
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("broken");
        assertThat(manager.trail.marks()).containsExactly("begin t1", "save a in t1", "roll back t1");
    }

    @LoopTest
    void aCancelRollsBack(Loop loop) {
        Task<Integer> task = Task.spawn(() -> await(operator.transactional(mono(loop, () -> {
            await(repository.save("a"));
            sleep(Duration.ofDays(1));
            return await(repository.save("never"));
        }))));
        settle();
        task.cancel();
        assertThat(endOf(task)).isInstanceOf(TaskCancelledException.class);
        settle();
        assertThat(manager.trail.marks()).containsExactly("begin t1", "save a in t1", "roll back t1");
    }

    @LoopTest
    void aFluxFromABody(Loop loop) {
        Flux<Integer> rows = flux(loop, emitter -> {
            for (String row : new String[] {"a", "b"}) {
                emitter.emit(await(repository.save(row)));
            }
        });
        assertThat(await(operator.transactional(rows).collectList())).containsExactly(1, 1);
        assertThat(manager.trail.marks()).containsExactly("begin t1", "save a in t1", "save b in t1", "commit t1");
    }
}
