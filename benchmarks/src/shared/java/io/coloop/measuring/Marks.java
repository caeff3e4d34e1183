package io.coloop.measuring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The places of a page that are written by programs, each between two comments. */
public final class Marks {
    private Marks() {}

    /**
     * Replaces what is between them.
     *
     * @param mark the first comment's text, up to whose colon it is the place's name
     */
    public static void write(Path page, String mark, String content) throws IOException {
        String begin = "<!-- " + mark + " -->";
        String end = "<!-- end of " + mark.substring(0, mark.indexOf(':')) + " -->";
        String text = Files.readString(page);
        int from = text.indexOf(begin) + begin.length();
        int to = text.indexOf(end);
        if (from < begin.length() || to < from) {
            throw new IllegalArgumentException(page + " has no " + begin + " ... " + end);
        }
        Files.writeString(page, text.substring(0, from) + "\n" + content + text.substring(to));
    }
}
