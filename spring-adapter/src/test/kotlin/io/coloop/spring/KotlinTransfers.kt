package io.coloop.spring

import io.coloop.Body
import io.coloop.Loop
import io.coloop.Task
import io.coloop.kotlin.awaitSuspend
import io.coloop.kotlin.awaitTask
import io.coloop.reactor.Reactor
import kotlinx.coroutines.reactor.awaitSingle
import org.springframework.r2dbc.core.DatabaseClient
import org.springframework.transaction.reactive.TransactionalOperator
import org.springframework.transaction.reactive.executeAndAwait
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.PathVariable
import org.springframework.web.bind.annotation.RestController

/** A suspend repository, which knows nothing of loops. */
open class Ledger(private val client: DatabaseClient) {
    suspend fun insert(name: String) {
        client.sql("insert into rows values (:name)").bind("name", name).fetch().rowsUpdated().awaitSingle()
    }
}

/** Transactions around tasks that call suspend functions, and around suspend functions that call await-style code. */
@RestController
class KotlinTransfers(private val ledger: Ledger, private val client: DatabaseClient, private val operator: TransactionalOperator) {
    @GetMapping("/kotlin/around-a-task/{way}")
    fun aroundATask(@PathVariable way: String): String =
        Reactor.awaitRequired(
            operator.transactional(
                Reactor.mono(
                    Task.current().loop(),
                    Body<String, Throwable> {
                        awaitSuspend { ledger.insert("a") }
                        check(way != "fail")
                        awaitSuspend { ledger.insert("b") }
                        "done"
                    },
                )
            )
        )

    @GetMapping("/kotlin/around-suspend/{way}")
    suspend fun aroundSuspend(@PathVariable way: String): String {
        val loop = Loop.current()
        return operator.executeAndAwait {
            ledger.insert("a")
            loop.awaitTask { Reactor.await(client.sql("insert into rows values ('b')").then()) }
            check(way != "fail")
            "done"
        }
    }
}
