package io.coloop.kotlin

import java.nio.file.Files
import java.nio.file.Path
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test

/** The table of all functions does not fall behind the code. */
class ReadmeTest {
    @Test
    fun everyPublicFunctionIsInTheTable() {
        val rows = Files.readAllLines(Path.of("README.md")).filter { it.startsWith("|") }.joinToString("\n")
        val facade = Class.forName("io.coloop.kotlin.Coroutines")
        val names =
            generateSequence(facade) { it.superclass.takeIf { parent -> parent != Any::class.java } }
                .flatMap { it.declaredMethods.asSequence() }
                .filter { java.lang.reflect.Modifier.isPublic(it.modifiers) }
                .map { it.name }
                .filterNot { "$" in it } // of the compiler
                .toSortedSet()
        assertThat(names).contains("async", "await", "flow", "iterate", "task")
        val missing = names.filterNot { Regex("\\b$it\\b").containsMatchIn(rows) }
        assertThat(missing).isEmpty()
    }
}
