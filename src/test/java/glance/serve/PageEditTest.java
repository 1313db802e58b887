package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.fixtures.TinyFlux;
import java.awt.Color;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** Pictures that are edited in the page. */
class PageEditTest extends PageCase {
    private static Path file(String name, byte[] content) throws Exception {
        return Files.write(folder.resolve(name), content).toAbsolutePath();
    }

    private static void draw() {
        int before = all(".card").size();
        one("draw").click();
        untilCount(".card", before + 1);
    }

    private static byte[] input(JsonNode name) throws Exception {
        return Files.readAllBytes(folder.resolve("inputs").resolve(name.asText()));
    }

    @Test
    void picture_isChosen_masked_andDrawnAnewWhereItIsPainted() throws Exception {
        byte[] picture = Drawn.picture(64, 64, Color.RED, Color.GREEN);
        fill("prompt", "a blue heart");
        new Select(one("plan")).selectByValue("glance-8");
        one("source-file").sendKeys(file("source.png", picture).toString());
        until("#mask");
        assertThat(one("width").getAttribute("value")).as("its own size").isEmpty();
        browser.executeScript(
                "const s = document.getElementById('strength'); s.value = 0.8; s.oninput()");
        // from the middle to the right edge
        new Actions(browser)
                .moveToElement(one("mask"), 20, -10)
                .clickAndHold()
                .moveToElement(one("mask"), 90, 10)
                .release()
                .perform();
        screenshot("edit");
        draw();
        JsonNode request = newestRequest();
        assertThat(input(request.path("init"))).isEqualTo(picture);
        assertThat(request.path("strength").asDouble()).isEqualTo(0.8);
        int[] mask = Pixels.of(input(request.path("mask")));
        assertThat(mask).hasSize(64 * 64);
        assertThat(mask[32 * 64 + 50] & 0xffffff).isEqualTo(0xffffff);
        assertThat(mask[32 * 64 + 10] & 0xffffff).isZero();
        int[] result = Pixels.of(newestFile());
        assertThat(result[32 * 64 + 5] & 0xffffff).as("kept").isEqualTo(0xff0000);

        // its settings bring picture and mask back
        button("source-shown", "Remove");
        new WebDriverWait(browser, PATIENCE)
                .until(
                        ExpectedConditions.invisibilityOfElementLocated(
                                org.openqa.selenium.By.id("mask")));
        assertThat(one("width").getAttribute("value")).isEqualTo("64");
        all(".card").get(0).click();
        until("#detail");
        button("detail", "Use settings");
        until("#mask");
        byte[] first = newestFile();
        draw();
        assertThat(newestFile()).isEqualTo(first);
    }

    @Test
    void recordedEdit_isReplayedAsItWas() throws Exception {
        one("source-file").sendKeys(file("replay.png", Drawn.picture()).toString());
        until("#mask");
        fill("prompt", "a");
        fill("width", "32");
        fill("height", "32");
        String init = java.util.Base64.getEncoder().encodeToString(Drawn.picture());
        JsonNode all =
                replayed(init, "\"strength\": 0.6, \"paste\": false, \"extend\": \"0,0,16,0\"");
        assertThat(all.path("strength").asDouble()).isEqualTo(0.6);
        assertThat(all.path("paste").asText()).isEqualTo("false");
        assertThat(all.path("extend").asText()).isEqualTo("0,0,16,0");
        assertThat(all.has("size")).isFalse();
        JsonNode fine = replayed(init, "\"strength\": 0.625");
        assertThat(fine.path("strength").asDouble()).isEqualTo(0.625);
        assertThat(fine.has("paste")).isFalse();
        assertThat(replayed(init, "\"extend\": \"0,0,16,0\"").has("strength")).isFalse();
        button("source-shown", "Remove");
    }

    /** What the page asks for after it took the settings of a job. */
    private static JsonNode replayed(String init, String more) throws Exception {
        String body =
                "{\"prompt\": \"a\", \"plan\": \"uniform-2\", \"init\": \""
                        + init
                        + "\", "
                        + more
                        + "}";
        Served.Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.status()).as(answer.message()).isEqualTo(202);
        String id = answer.json().path("id").asText();
        served.finished(id);
        untilPresent("li[data-job='" + id + "']");
        all("li[data-job='" + id + "'] .card").get(0).click();
        until("#detail");
        button("detail", "Use settings");
        until("#mask");
        draw();
        return newestRequest();
    }

    @Test
    void mask_isPaintedErasedAndCleared_byKeys() throws Exception {
        one("source-file").sendKeys(file("keys.png", Drawn.picture()).toString());
        until("#mask");
        fill("prompt", "a");
        one("mask").sendKeys(" ");
        assertThat(painted()).isPositive();
        one("mask").sendKeys(Keys.chord(Keys.SHIFT, Keys.ARROW_RIGHT));
        long line = painted();
        one("mask").sendKeys(Keys.ARROW_RIGHT);
        assertThat(painted()).as("moved alone").isEqualTo(line);
        one("eraser").click();
        one("mask").sendKeys(" ");
        assertThat(painted()).isLessThan(line);
        button("source-shown", "Clear");
        assertThat(painted()).isZero();
        button("source-shown", "Remove");
    }

    private static long painted() {
        return (long)
                browser.executeScript(
                        "const c = document.getElementById('mask'); return c.getContext('2d')"
                                + ".getImageData(0, 0, c.width, c.height).data"
                                + ".filter((v, i) => i % 4 === 3 && v > 127).length");
    }

    @Test
    void pictureOfTheGallery_isEdited() throws Exception {
        String id = drawn("a red circle");
        untilPresent("li[data-job='" + id + "']");
        all("li[data-job='" + id + "'] .card").get(0).click();
        until("#detail");
        button("detail", "Edit this");
        until("#mask");
        fill("prompt", "a blue circle");
        new Select(one("plan")).selectByValue("glance-8");
        draw();
        String file = served.get("/v1/jobs/" + id).json().at("/pictures/0/file").asText();
        assertThat(input(newestRequest().path("init")))
                .isEqualTo(Files.readAllBytes(folder.resolve(file)));
        assertThat(newestRequest().has("mask")).isFalse();
    }

    @Test
    void droppedPicture_goesWhereItIsDropped_andWithoutSettingsItIsEdited() throws Exception {
        byte[] plain = Drawn.picture(48, 32, Color.BLUE, Color.WHITE);
        drop("body", plain);
        until("#mask");
        assertThat(browser.executeScript("return document.getElementById('mask').width"))
                .isEqualTo(48L);
        byte[] mine = served.model().draw("a pink moon").png();
        drop("#source", mine);
        new WebDriverWait(browser, PATIENCE)
                .until(
                        d ->
                                browser.executeScript(
                                                "return document.getElementById('mask').width")
                                        .equals(64L));
        assertThat(one("prompt").getAttribute("value")).isEmpty();
        drop("#draw", mine);
        new WebDriverWait(browser, PATIENCE)
                .until(d -> one("prompt").getAttribute("value").equals("a pink moon"));
        drop("#draw", new byte[] {1, 2, 3});
        assertThat(until("#problem").getText()).startsWith("this is no picture");
    }

    private static void drop(String onto, byte[] content) {
        browser.executeScript(
                "const data = new DataTransfer(); data.items.add(new"
                        + " File([Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0))], 'x.png',"
                        + " {type:"
                        + " 'image/png'}));document.querySelector(arguments[0]).dispatchEvent(new"
                        + " DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}))",
                onto,
                java.util.Base64.getEncoder().encodeToString(content));
    }

    @Test
    void modelThatLooksAtPictures_takesThem(@TempDir Path other) throws Exception {
        try (Served kontext =
                new Served(
                        Served.options(other.resolve("served"), null, 4),
                        TinyFlux.kontext(other.resolve("model")))) {
            visit(kontext);
            until("#plan option");
            until("#looked");
            one("looked-file").sendKeys(file("looked.png", Drawn.picture()).toString());
            until("#looked-list img");
            assertThat(one("looked-label").isDisplayed()).as("it looks at one").isFalse();
            fill("prompt", "a");
            new Select(one("plan")).selectByValue("uniform");
            fill("steps", "1");
            fill("width", "32");
            fill("height", "32");
            screenshot("looked");
            draw();
            JsonNode job = kontext.get("/v1/jobs?limit=1").json().path("data").get(0);
            assertThat(job.at("/request/references")).hasSize(1);
            all("#looked-list button").get(0).click();
            untilCount("#looked-list img", 0);
            all(".card").get(0).click();
            until("#detail");
            button("detail", "Use settings");
            until("#looked-list img");
        }
    }
}
