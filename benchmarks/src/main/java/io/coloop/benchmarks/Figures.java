package io.coloop.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What each benchmark gave in each round, in the order of the rounds. */
final class Figures {
    private final Map<String, List<Figure>> byName = new LinkedHashMap<>();

    void add(List<Figure> figures) {
        for (Figure figure : figures) {
            byName.computeIfAbsent(figure.name(), name -> new ArrayList<>()).add(figure);
        }
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    Spread nanos(String name) {
        return spread(name, Figure::nanos);
    }

    Spread bytes(String name) {
        return spread(name, Figure::bytes);
    }

    /** The first's time by the second's, round by round. */
    Spread ratio(String name, String peer) {
        List<Figure> ours = byName.get(name);
        List<Figure> theirs = byName.get(peer);
        double[] ratios = new double[Math.min(ours.size(), theirs.size())];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = ours.get(round).nanos() / theirs.get(round).nanos();
        }
        return Spread.of(ratios);
    }

    private Spread spread(String name, ToDoubleFunction<Figure> value) {
        return Spread.of(byName.get(name).stream().mapToDouble(value).toArray());
    }

    /** The median over the rounds, and the range. */
    record Spread(double median, double least, double most, int rounds) {
        static Spread of(double[] values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1], sorted.length);
        }
    }
}
