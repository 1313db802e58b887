package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.api.Request;
import glance.fixtures.Fixture;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.support.ui.Select;

/** The fields of the page, and pictures that bring theirs back. */
class PageSettingsTest extends PageCase {
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
    void refusal_isSaidInThePage() {
        fill("prompt", "a");
        fill("seed", "7");
        browser.executeScript("document.getElementById('width').step = 1");
        fill("width", "65");
        one("draw").click();
        assertThat(until("#problem").getText()).startsWith("size 65x64: sides must be");
    }
}
