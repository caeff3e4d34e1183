package io.coloop.examples.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.By;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/**
 * The page in a headless browser. Needs {@code /usr/bin/chromium} and {@code /usr/bin/chromedriver}, or what {@code CHROMIUM} and {@code CHROMEDRIVER} name; without them it is skipped, unless
 * {@code BROWSER_REQUIRED} is set.
 */
@Timeout(90)
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class PageTest {
    private static final Path CHROMIUM = path("CHROMIUM", "/usr/bin/chromium");
    private static final Path DRIVER = path("CHROMEDRIVER", "/usr/bin/chromedriver");

    @LocalServerPort
    private int port;

    private static Path path(String variable, String otherwise) {
        return Path.of(System.getenv().getOrDefault(variable, otherwise));
    }

    private static WebDriver browser() {
        boolean there = Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
        if (System.getenv("BROWSER_REQUIRED") == null) {
            Assumptions.assumeTrue(there, "no browser");
        }
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.toFile());
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync");
        return new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(DRIVER.toFile())
                        .build(),
                options);
    }

    @Test
    void thePageShowsLoopsAndRequestsWhileTheyRun() {
        WebDriver browser = browser();
        try {
            browser.get("http://localhost:" + port + "/");
            WebDriverWait wait = new WebDriverWait(browser, Duration.ofSeconds(30));
            wait.until(page -> number(page, "requests") > 0); // the page itself
            assertThat(browser.findElements(By.cssSelector("#loops tr"))).isNotEmpty();
            assertThat(browser.findElement(By.id("mode")).getText().replace('-', '_'))
                    .isEqualToIgnoringCase(System.getProperty("coloop.test.mode"));
            for (String way : new String[] {"await", "chain", "suspend", "block"}) {
                long before = number(browser, "requests");
                browser.findElement(By.cssSelector("button[data-way=" + way + "]"))
                        .click();
                wait.until(page -> said(page).startsWith(way + ": 100 of 100 answered"));
                wait.until(page -> number(page, "requests") >= before + 100);
            }
            assertThat(Double.parseDouble(browser.findElement(By.id("p99")).getText()))
                    .isPositive();
        } finally {
            browser.quit();
        }
    }

    private static String said(WebDriver browser) {
        return browser.findElement(By.id("said")).getText();
    }

    private static long number(WebDriver browser, String id) {
        WebElement figure = browser.findElement(By.id(id));
        return Long.parseLong(figure.getText());
    }
}
