package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Lora;
import glance.api.Request;
import glance.fixtures.Fixture;
import glance.serve.Served.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
        visit(served);
        until("#plan option");
        untilPresent("#gallery[aria-busy=false]");
    }

    private static void untilPresent(String selector) {
        new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.presenceOfElementLocated(By.cssSelector(selector)));
    }

    private static void visit(Served server) {
        browser.get(server.server().address().toString());
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
        assertThat(one("live-phases").getSize().width)
                .isLessThanOrEqualTo(one("live").getSize().width);
        one("draw").click();
        until("#queue li").findElement(By.tagName("button")).click();
        untilCount("#queue li", 0);
        until("#stage img"); // nothing moves after this
        screenshot("drawing");
        one("cancel").click();
        new WebDriverWait(browser, PATIENCE)
                .until(ExpectedConditions.invisibilityOfElementLocated(By.id("live")));
    }

    private static void upload(Path picture, String prompt) {
        browser.findElement(By.cssSelector("details summary")).click();
        one("upload").sendKeys(picture.toAbsolutePath().toString());
        new WebDriverWait(browser, PATIENCE)
                .until(d -> one("prompt").getAttribute("value").equals(prompt));
    }

    private static byte[] newestFile() throws Exception {
        JsonNode job = served.get("/v1/jobs?limit=1").json().path("data").get(0);
        String file = job.path("pictures").get(0).path("file").asText();
        return Files.readAllBytes(folder.resolve(file));
    }

    private static JsonNode newestRequest() throws Exception {
        return served.get("/v1/jobs?limit=1").json().path("data").get(0).path("request");
    }

    @Test
    void pictureMadeHere_isDrawnAgain_alsoWithASeedThatNoNumberOfThePageHolds() throws Exception {
        Path slow = Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors");
        Path file = folder.resolve("mine.png");
        served.model()
                .draw(
                        Request.of("a yellow heart")
                                .seed(-1)
                                .plan("glance-8")
                                .lora(Lora.of(slow).strength(0.5f).on("1-2")))
                .get(0)
                .save(file);
        upload(file, "a yellow heart");
        assertThat(one("plan").getAttribute("value")).isEqualTo("glance-8");
        assertThat(one("seed").getAttribute("value")).isEqualTo("18446744073709551615");
        assertThat(
                        browser.findElements(
                                By.cssSelector("#adapter-rows select, #adapter-rows input")))
                .map(field -> field.getAttribute("value"))
                .containsExactly("slow.safetensors", "0.5", "1-2");
        int before = all(".card").size();
        one("draw").click();
        untilCount(".card", before + 1);
        assertThat(newestFile()).isEqualTo(Files.readAllBytes(file));
        all(".card").get(0).click();
        until("#detail");
        button("detail", "Again");
        untilCount(".card", before + 2);
        assertThat(newestFile()).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void pictureWithoutAdapters_staysWithout() throws Exception {
        Path file = folder.resolve("plain.png");
        served.model().draw(Request.of("a pink moon").plan("uniform-2")).get(0).save(file);
        upload(file, "a pink moon");
        int before = all(".card").size();
        one("draw").click();
        untilCount(".card", before + 1);
        assertThat(newestRequest().path("lora").isArray()).isTrue();
        assertThat(newestRequest().path("lora")).isEmpty();
    }

    @Test
    void guidance_isThePlans_untilItIsChanged() throws Exception {
        fill("prompt", "a white ring");
        new Select(one("plan")).selectByValue("uniform");
        fill("steps", "0"); // hidden next, and then in nobody's way
        new Select(one("plan")).selectByValue("lightning-4");
        assertThat(one("guidance").getAttribute("placeholder")).isEqualTo("1");
        int before = all(".card").size();
        one("draw").click();
        untilCount(".card", before + 1);
        assertThat(newestRequest().has("guidance")).isFalse();
        new Select(one("plan")).selectByValue("glance-8");
        assertThat(one("guidance").getAttribute("placeholder")).isEqualTo("4");
        fill("guidance", "2.25");
        one("draw").click();
        untilCount(".card", before + 2);
        assertThat(newestRequest().path("guidance").asDouble()).isEqualTo(2.25);
    }

    @Test
    void key_isAskedFor_untilItIsTheRightOne(@TempDir Path other) throws Exception {
        try (Served locked = new Served(Served.options(other, "right", 4))) {
            visit(locked);
            until("#key[open]");
            fill("key-text", "wrong");
            one("key-text").submit();
            assertThat(until("#key-problem").getText()).isEqualTo("This is not the key.");
            fill("key-text", "right");
            one("key-text").submit();
            until("#plan option");
            fill("prompt", "a black cross");
            one("draw").click();
            untilCount(".card", 1);
            // the key is gone, as if it was changed
            browser.manage().deleteAllCookies();
            one("draw").click();
            until("#key[open]");
            fill("key-text", "right");
            one("key-text").submit();
            untilCount(".card", 2);
        } finally {
            browser.manage().deleteAllCookies();
        }
    }

    @Test
    void serverThatComesBack_isListenedToAnew_andWhatItDrewMeanwhileIsShown(@TempDir Path other)
            throws Exception {
        try (Served again = new Served(Served.options(other, null, 4))) {
            visit(again);
            until("#plan option");
            int port = again.server().address().getPort();
            again.stop();
            new WebDriverWait(browser, PATIENCE)
                    .until(d -> one("connection").getText().startsWith("the server does not"));
            one("prompt").sendKeys("a red ring");
            one("draw").click();
            assertThat(until("#problem").getText()).isEqualTo("the server does not answer");
            again.start(Served.options(other, null, 4).at(port));
            Answer job = again.post("/v1/jobs", "{\"prompt\": \"a\", \"plan\": 1}");
            again.finished(job.json().path("id").asText());
            untilCount(".card", 1);
            assertThat(one("connection").getText()).isEmpty();
        }
    }

    @Test
    void pairThatIsOverBeforeItIsKnown_isShownAllTheSame() throws Exception {
        List<String> ids = List.of(drawn("a"), drawn("b"));
        Object left =
                browser.executeAsyncScript(
                        "const [ids, answer] = arguments; import('/page/compare.js').then(async m =>"
                                + " { const pairs = new m.Pairs(); await pairs.add(ids);"
                                + " answer(pairs.pairs.size); })",
                        ids);
        assertThat(left).isEqualTo(0L);
        until("#slider[open] .slide img");
    }

    private static String drawn(String prompt) throws Exception {
        String body = "{\"prompt\": \"" + prompt + "\", \"plan\": 1}";
        String id = served.post("/v1/jobs", body).json().path("id").asText();
        served.finished(id);
        return id;
    }

    @Test
    void gallery_keeps300Cards_andOffersOlderOnesAgain() throws Exception {
        String id = drawn("a");
        Object cards =
                browser.executeAsyncScript(
                        "const [id, answer] = arguments; import('/page/gallery.js').then(async m =>"
                                + " { const job = await (await fetch('/v1/jobs/' + id)).json();"
                                + " const gallery = new m.Gallery({}); for (let i = 0; i < 320; i++)"
                                + " { gallery.add({...job, id: id + '-' + String(i).padStart(3, '0')}); }"
                                + " answer(document.querySelectorAll('.card').length); })",
                        id);
        assertThat(cards).isEqualTo(300L);
        assertThat(one("older").isDisplayed()).isTrue();
    }

    @Test
    void cards_stayWhereNothingChanged_andARefusedDeleteIsSaid() throws Exception {
        int before = all(".card").size();
        fill("prompt", "a gray diamond");
        one("draw").click();
        untilCount(".card", before + 1);
        browser.executeScript("old = document.querySelector('.card')");
        one("draw").click();
        untilCount(".card", before + 2);
        assertThat(browser.executeScript("return old.isConnected")).isEqualTo(true);
        assertThat(
                        browser.findElement(By.cssSelector("ul#gallery > li > button.card"))
                                .getAriaRole())
                .isEqualTo("button");

        all(".card").get(0).click();
        until("#detail");
        served.delete("/v1/jobs/" + served.get("/v1/jobs").json().at("/data/0/id").asText());
        button("detail", "Delete");
        assertThat(until("#problem").getText()).startsWith("there is no job");
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
        browser.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", 375, "height", 812, "deviceScaleFactor", 2, "mobile", true));
        try {
            fitsAPhone();
        } finally {
            browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        }
    }

    private static void fitsAPhone() throws Exception {
        browser.navigate().refresh();
        until("#plan option");
        new Select(one("plan")).selectByValue("uniform");
        one("add-adapter").click();
        one("compare").click();
        one("second-add").click();
        Number width =
                (Number) browser.executeScript("return document.documentElement.scrollWidth");
        assertThat(width.intValue()).isEqualTo(375);
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
                        .filter(line -> !line.matches(".* (400|401|404) \\(.*|.*net::ERR_.*"))
                        .toList();
        assertThat(messages).isEmpty();
    }
}
