package io.coloop.examples.onethread;

import io.coloop.Loop;

/** The HTML. */
final class Page {
    private static final String STYLE = """
            body { font: 16px system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2730 }
            svg { width: 100%; height: auto; background: #fff; border: 1px solid #d5dce1; border-radius: 6px }
            svg text { font: 13px system-ui, sans-serif; fill: #1d2730 } svg .tick { fill: #5f6b73; font-size: 11px }
            .lane { fill: #f2f5f7 } .wait { opacity: .28 } .run { stroke: #fff; stroke-width: .5 }
            code { background: #f2f5f7; padding: .1em .3em }
            """;

    private Page() {}

    static String html(String facts, int others, Timeline timeline) {
        String body = """
                <h1>One thread, four libraries</h1>
                <p>%s.</p>
                %s
                <p>Pale bars wait, solid ones run; hover over one to see its thread. While this request waited, %d others were in flight.
                All code of this request ran on: <code>%s</code> (%s).</p>
                """.formatted(
                        facts, timeline.svg(), others, String.join("</code>, <code>", timeline.threads()), Loop.mode());
        return document("One thread", body);
    }

    static String error(String title, String detail) {
        return document(title, "<h1>%s</h1><p>%s</p>".formatted(title, detail));
    }

    private static String document(String title, String body) {
        return "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>" + title + "</title><style>" + STYLE
                + "</style></head><body>" + body + "</body></html>";
    }
}
