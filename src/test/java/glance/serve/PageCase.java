package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import glance.fixtures.Fixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in a real browser. */
abstract class PageCase {
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Path SCREENSHOTS = Path.of("target", "page");

    /** Far longer than anything takes: a page that hangs fails, a slow machine does not. */
    protected static final Duration PATIENCE = Duration.ofMinutes(3);

    protected static Served served;
    protected static ChromeDriver browser;

    @TempDir protected static Path folder;

    @BeforeAll
    static void open() throws Exception {
        assumeTrue(
                Files.isExecutable(DRIVER),
                "no browser: Debian's packages chromium and chromium-driver are not installed");
        Path adapters = Fixture.folder("glance-tiny-pipeline");
        served = new Served(Served.options(folder, adapters, null, 64));
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
        browser =
                new ChromeDriver(
                        new ChromeDriverService.Builder()
                                .usingDriverExecutable(DRIVER.toFile())
                                .build(),
                        options);
        Files.createDirectories(SCREENSHOTS);
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
        if (served != null) {
            served.close();
        }
    }

    @BeforeEach
    void visit() {
        size(1280, 900);
        visit(served);
        until("#plan option");
        untilPresent("#gallery[aria-busy=false]");
    }

    /** Whatever was done. */
    @AfterEach
    void nothingIsLoadedFromElsewhere_andTheConsoleIsSilent() {
        List<?> elsewhere =
                (List<?>)
                        browser.executeScript(
                                "return performance.getEntriesByType('resource').map(e => e.name)"
                                        + ".filter(n => !n.startsWith(location.origin))");
        assertThat(elsewhere).isEmpty();
        List<String> messages =
                browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                        .map(LogEntry::getMessage)
                        .filter(line -> !line.matches(".* (400|401|404) \\(.*|.*net::ERR_.*"))
                        .toList();
        assertThat(messages).isEmpty();
    }

    protected static void untilPresent(String selector) {
        new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.presenceOfElementLocated(By.cssSelector(selector)));
    }

    protected static void visit(Served server) {
        browser.get(server.server().address().toString());
    }

    protected static void size(int width, int height) {
        browser.manage().window().setSize(new Dimension(width, height));
        new WebDriverWait(browser, PATIENCE)
                .until(d -> browser.executeScript("return outerWidth").equals((long) width));
    }

    protected static WebElement until(String selector) {
        return new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.visibilityOfElementLocated(By.cssSelector(selector)));
    }

    protected static List<WebElement> all(String selector) {
        return browser.findElements(By.cssSelector(selector));
    }

    protected static void untilCount(String selector, int count) {
        new WebDriverWait(browser, PATIENCE).until(driver -> all(selector).size() == count);
    }

    protected static WebElement one(String id) {
        return browser.findElement(By.id(id));
    }

    protected static void fill(String id, String text) {
        WebElement field = one(id);
        field.clear();
        field.sendKeys(text);
    }

    protected static void button(String within, String text) {
        browser.findElement(
                        By.xpath(
                                "//*[@id='"
                                        + within
                                        + "']//button[normalize-space()='"
                                        + text
                                        + "']"))
                .click();
    }

    protected static void screenshot(String name) throws Exception {
        Files.write(SCREENSHOTS.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    }

    protected static void upload(Path picture, String prompt) {
        browser.findElement(By.cssSelector("details summary")).click();
        one("upload").sendKeys(picture.toAbsolutePath().toString());
        new WebDriverWait(browser, PATIENCE)
                .until(d -> one("prompt").getAttribute("value").equals(prompt));
    }

    protected static byte[] newestFile() throws Exception {
        JsonNode job = served.get("/v1/jobs?limit=1").json().path("data").get(0);
        String file = job.path("pictures").get(0).path("file").asText();
        return Files.readAllBytes(folder.resolve(file));
    }

    protected static JsonNode newestRequest() throws Exception {
        return served.get("/v1/jobs?limit=1").json().path("data").get(0).path("request");
    }

    protected static String drawn(String prompt) throws Exception {
        String body = "{\"prompt\": \"" + prompt + "\", \"plan\": 1}";
        String id = served.post("/v1/jobs", body).json().path("id").asText();
        served.finished(id);
        return id;
    }
}
