/** Speed and memory of coloop beside its peers, measured in the same run. {@link io.coloop.benchmarks.Main} runs all of it. */
package io.coloop.benchmarks;
