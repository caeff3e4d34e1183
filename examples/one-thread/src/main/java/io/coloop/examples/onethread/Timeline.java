package io.coloop.examples.onethread;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** What happened during one request, drawn with one lane per library. */
final class Timeline {
    /** Who ran. */
    enum Lane {
        JAVA("Java task", "#3b6ea5"),
        REACTOR("Reactor", "#5a9e4b"),
        RX("RxJava", "#b7448b"),
        KOTLIN("Kotlin", "#8052c6"),
        FUTURE("CompletableFuture", "#c77a1f"),
        TIMER("Loop timer", "#5f6b73");

        final String title;
        private final String color;

        Lane(String title, String color) {
            this.title = title;
            this.color = color;
        }
    }

    private record Piece(Lane lane, String what, boolean waiting, long from, long to, String thread) {}

    private static final int LEFT = 150;
    private static final int WIDTH = 760;
    private static final int LANE_HEIGHT = 34;
    private static final int TOP = 30;

    private final Witness witness;
    private final long origin = System.nanoTime();
    private final List<Piece> pieces = new CopyOnWriteArrayList<>();

    Timeline(Witness witness) {
        this.witness = witness;
    }

    /** Runs a piece of user code and notes when it ran, and on which thread. */
    <T> T run(Lane lane, String what, Supplier<T> userCode) {
        long from = now();
        try {
            return witness.watch(userCode);
        } finally {
            pieces.add(new Piece(lane, what, false, from, now(), Witness.carrier()));
        }
    }

    /** Waits for something and notes how long. */
    <T> T await(Lane lane, String what, Supplier<T> waiting) {
        long from = now();
        try {
            return waiting.get();
        } finally {
            pieces.add(new Piece(lane, what, true, from, now(), Witness.carrier()));
        }
    }

    private long now() {
        return System.nanoTime() - origin;
    }

    List<String> threads() {
        return pieces.stream()
                .filter(piece -> !piece.waiting)
                .map(Piece::thread)
                .distinct()
                .toList();
    }

    String svg() {
        double nanosPerPixel =
                Math.max(1, pieces.stream().mapToLong(Piece::to).max().orElse(1)) / (double) WIDTH;
        int height = TOP + Lane.values().length * LANE_HEIGHT + 30;
        StringBuilder svg = new StringBuilder();
        append(
                svg,
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' role='img'>",
                LEFT + WIDTH + 20,
                height);
        for (Lane lane : Lane.values()) {
            int y = TOP + row(lane) * LANE_HEIGHT;
            append(svg, "<text x='8' y='%d'>%s</text>", y + 21, lane.title);
            append(
                    svg,
                    "<rect class='lane' x='%d' y='%d' width='%d' height='%d'/>",
                    LEFT,
                    y + 4,
                    WIDTH,
                    LANE_HEIGHT - 8);
        }
        pieces.stream().filter(Piece::waiting).forEach(piece -> draw(svg, piece, nanosPerPixel));
        pieces.stream().filter(piece -> !piece.waiting).forEach(piece -> draw(svg, piece, nanosPerPixel));
        double millisPerPixel = nanosPerPixel / 1e6;
        for (int tick = 0; tick <= 4; tick++) {
            int x = LEFT + tick * WIDTH / 4;
            append(
                    svg,
                    "<text class='tick' x='%d' y='%d'>%.1f ms</text>",
                    x - (tick == 4 ? 50 : 0),
                    height - 8,
                    tick * (WIDTH / 4.0) * millisPerPixel);
        }
        return svg.append("</svg>").toString();
    }

    private static void draw(StringBuilder svg, Piece piece, double nanosPerPixel) {
        int y = TOP + row(piece.lane) * LANE_HEIGHT + 6;
        double x = LEFT + piece.from / nanosPerPixel;
        double width = Math.max(piece.waiting ? 1 : 3, (piece.to - piece.from) / nanosPerPixel);
        append(
                svg,
                "<rect class='%s' x='%.1f' y='%d' width='%.1f' height='%d' fill='%s'><title>%s: %s on %s</title></rect>",
                piece.waiting ? "wait" : "run",
                Math.min(x, LEFT + WIDTH - width),
                y,
                width,
                LANE_HEIGHT - 12,
                piece.lane.color,
                piece.lane.title,
                piece.what,
                piece.thread);
    }

    private static int row(Lane lane) {
        return List.of(Lane.values()).indexOf(lane);
    }

    @SuppressWarnings("AnnotateFormatMethod") // no dependency for one annotation
    private static void append(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments));
    }
}
