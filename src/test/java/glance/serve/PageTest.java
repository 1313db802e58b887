package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.Request;
import glance.fixtures.Fixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in a real browser, as a person uses it. */
class PageTest {
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Path SCREENSHOTS = Path.of("target", "page");

    /** Far longer than anything takes: a page that hangs fails, a slow machine does not. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static Served served;
    private static ChromeDriver browser;

    @TempDir private static Path folder;

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
        browser.get(served.server().address().toString());
        until("#plan option");
    }

    private static void size(int width, int height) {
        browser.manage().window().setSize(new Dimension(width, height));
        new WebDriverWait(browser, PATIENCE)
                .until(d -> browser.executeScript("return outerWidth").equals((long) width));
    }

    private static WebElement until(String selector) {
        return new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.visibilityOfElementLocated(By.cssSelector(selector)));
    }

    private static List<WebElement> all(String selector) {
        return browser.findElements(By.cssSelector(selector));
    }

    private static void untilCount(String selector, int count) {
        new WebDriverWait(browser, PATIENCE).until(driver -> all(selector).size() == count);
    }

    private static WebElement one(String id) {
        return browser.findElement(By.id(id));
    }

    private static void fill(String id, String text) {
        WebElement field = one(id);
        field.clear();
        field.sendKeys(text);
    }

    private static void button(String within, String text) {
        browser.findElement(
                        By.xpath(
                                "//*[@id='"
                                        + within
                                        + "']//button[normalize-space()='"
                                        + text
                                        + "']"))
                .click();
    }

    private static void screenshot(String name) throws Exception {
        Files.write(SCREENSHOTS.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    }

    @Test
    void picture_appearsStepByStep_thenInTheGallery_withItsSettings() throws Exception {
        int before = all(".card").size();
        fill("prompt", "a red circle left of a blue heart");
        new Select(one("plan")).selectByValue("glance");
        assertThat(all("#phases .bar i.slow")).hasSize(5);
        assertThat(all("#phases .bar i.fast")).hasSize(5);
        fill("seed", "7");
        // the steps may be over before the driver looks
        browser.executeScript(
                "seen = []; new MutationObserver(() => seen.push("
                        + "document.querySelectorAll('#stage img').length + ' '"
                        + " + document.getElementById('status').textContent))"
                        + ".observe(document.getElementById('live'),"
                        + " {subtree: true, childList: true, characterData: true})");
        one("prompt").sendKeys(Keys.chord(Keys.CONTROL, Keys.ENTER));
        untilCount(".card", before + 1);
        List<?> seen = (List<?>) browser.executeScript("return seen");
        assertThat(seen)
                .map(Object::toString)
                .anyMatch(text -> text.matches("1 slow · step [1-5] of 10 · \\d+ s left"))
                .anyMatch(text -> text.matches("1 fast · step ([6-9]|10) of 10.*"));

        all(".card").get(0).click();
        WebElement detail = until("#detail");
        assertThat(detail.getText()).contains("glance, 10 steps").contains("64 × 64");
        screenshot("detail");
        button("detail", "Vary the seed");
        untilCount(".card", before + 2);
        all(".card").get(1).click();
        button("detail", "Use settings");
        assertThat(one("seed").getAttribute("value")).isEqualTo("7");
    }

    @Test
    void twoPlans_standSideBySide_withASlider() throws Exception {
        fill("prompt", "a green star on a white background");
        new Select(one("plan")).selectByValue("glance-8");
        one("compare").click();
        new Select(one("second-plan")).selectByValue("uniform-5");
        one("second-add").click();
        new Select(browser.findElement(By.cssSelector("#second-rows select")))
                .selectByValue("slow.safetensors");
        one("draw").click();
        until("#slider[open] .slide img");
        WebElement slider = one("slider");
        assertThat(slider.getText()).contains("glance-8").contains("uniform-5 with slow");
        WebElement range = slider.findElement(By.cssSelector("input[type=range]"));
        range.sendKeys(Keys.ARROW_RIGHT);
        assertThat(slider.findElements(By.tagName("img")).get(1).getCssValue("clip-path"))
                .contains("50.5%");
        screenshot("compare");
        new Actions(browser).sendKeys(Keys.ESCAPE).perform();
        assertThat(slider.isDisplayed()).isFalse();
    }

    @Test
    void queue_isShown_andCancelled() throws Exception {
        fill("prompt", "a blue square");
        new Select(one("plan")).selectByValue("uniform");
        fill("steps", "1000");
        one("draw").click();
        until("#live");
        assertThat(one("phases").getSize().width).isLessThanOrEqualTo(one("form").getSize().width);
        one("draw").click();
        until("#queue li").findElement(By.tagName("button")).click();
        untilCount("#queue li", 0);
        until("#stage img"); // nothing moves after this
        screenshot("drawing");
        one("cancel").click();
        new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.invisibilityOfElementLocated(By.id("live")));
    }

    @Test
    void pictureMadeHere_bringsItsSettingsBack() throws Exception {
        Path file = folder.resolve("mine.png");
        served.model()
                .draw(Request.of("a yellow heart").seed(5).plan("glance-15"))
                .get(0)
                .save(file);
        browser.findElement(By.cssSelector("details summary")).click();
        one("upload").sendKeys(file.toAbsolutePath().toString());
        new WebDriverWait(browser, PATIENCE)
                .until(d -> one("prompt").getAttribute("value").equals("a yellow heart"));
        assertThat(one("plan").getAttribute("value")).isEqualTo("glance-15");
        assertThat(one("seed").getAttribute("value")).isEqualTo("5");
    }

    @Test
    void refusal_isSaidInThePage() {
        fill("prompt", "a");
        fill("seed", "7");
        browser.executeScript("document.getElementById('width').step = 1");
        fill("width", "65");
        one("draw").click();
        assertThat(until("#problem").getText()).startsWith("size 65x64: sides must be");
    }

    @Test
    void page_fitsAPhone_inDarkAndLight() throws Exception {
        size(500, 900);
        browser.navigate().refresh();
        until("#plan option");
        Number overflow =
                (Number)
                        browser.executeScript(
                                "return document.documentElement.scrollWidth - innerWidth");
        assertThat(overflow.intValue()).isLessThanOrEqualTo(0);
        String first = one("form").getCssValue("background-color");
        one("theme").click();
        screenshot("phone-dark");
        String dark = one("form").getCssValue("background-color");
        one("theme").click();
        screenshot("phone-light");
        assertThat(one("form").getCssValue("background-color")).isNotEqualTo(dark).isNotNull();
        assertThat(first).isNotNull();
        one("theme").click();
    }

    @Test
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
                        .filter(line -> !line.contains("400 (Bad Request)"))
                        .toList();
        assertThat(messages).isEmpty();
    }
}
