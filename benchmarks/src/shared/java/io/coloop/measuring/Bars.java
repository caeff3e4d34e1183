package io.coloop.measuring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Groups of bars, as an SVG. */
public final class Bars {
    private static final List<String> COLOURS =
            List.of("#1f6feb", "#8b949e", "#a371f7", "#d29922", "#2da44e", "#cf222e", "#bf3989");
    private static final int WIDTH = 720;
    private static final int BAR = 18;
    private static final int GAP = 16;
    private static final int LEFT = 240;
    private static final int RIGHT = 60;

    private Bars() {}

    /**
     * Draws them.
     *
     * @param groups for each group the bars' lengths, in the order of their names
     */
    public static void write(Path file, String title, List<String> names, Map<String, double[]> groups)
            throws IOException {
        double most = groups.values().stream()
                .flatMapToDouble(java.util.Arrays::stream)
                .max()
                .orElse(1);
        StringBuilder svg = new StringBuilder();
        int y = 56;
        for (Map.Entry<String, double[]> group : groups.entrySet()) {
            double[] lengths = group.getValue();
            text(svg, LEFT - 12, y + lengths.length * BAR / 2.0 + 4, "end", group.getKey());
            for (int i = 0; i < lengths.length; i++) {
                double width = lengths[i] / most * (WIDTH - LEFT - RIGHT);
                svg.append(format(
                        "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>\n",
                        LEFT, y, width, BAR - 3, COLOURS.get(i)));
                text(svg, LEFT + width + 6, y + 12, "start", format("%s %.0f", names.get(i), lengths[i]));
                y += BAR;
            }
            y += GAP;
        }
        Files.writeString(
                file,
                format(
                        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='system-ui, sans-serif' font-size='12' fill='#1c2330'>%n"
                                + "<rect width='100%%' height='100%%' fill='#fff'/>%n<text x='%d' y='30' font-size='15'>%s</text>%n%s</svg>%n",
                        WIDTH + 60, y, 20, title, svg));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(format("<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>\n", x, y, anchor, text));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
