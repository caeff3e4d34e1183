package io.coloop.benchmarks;

import java.util.List;

/** Options of a command line: {@code --flag} and {@code --name=value}. */
record Options(List<String> args) {
    boolean has(String flag) {
        return args.contains(flag);
    }

    int number(String name, int otherwise) {
        return Integer.parseInt(value(name, "" + otherwise));
    }

    String value(String name, String otherwise) {
        String prefix = "--" + name + "=";
        return args.stream()
                .filter(arg -> arg.startsWith(prefix))
                .map(arg -> arg.substring(prefix.length()))
                .findFirst()
                .orElse(otherwise);
    }
}
