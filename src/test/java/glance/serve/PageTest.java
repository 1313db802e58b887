package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** Drawing, comparing and the gallery, as a person uses the page. */
class PageTest extends PageCase {
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

    @Test
    void pairThatIsOverBeforeItIsKnown_isShownAllTheSame() throws Exception {
        List<String> ids = List.of(drawn("a"), drawn("b"));
        Object left =
                browser.executeAsyncScript(
                        "const [ids, answer] = arguments; import('/page/compare.js').then(async m"
                                + " => { const pairs = new m.Pairs(); await pairs.add(ids);"
                                + " answer(pairs.pairs.size); })",
                        ids);
        assertThat(left).isEqualTo(0L);
        until("#slider[open] .slide img");
    }

    @Test
    void gallery_keeps300Cards_andOffersOlderOnesAgain() throws Exception {
        String id = drawn("a");
        Object cards =
                browser.executeAsyncScript(
                        "const [id, answer] = arguments; import('/page/gallery.js').then(async m =>"
                                + " { const job = await (await fetch('/v1/jobs/' + id)).json(); const"
                                + " gallery = new m.Gallery({}); for (let i = 0; i < 320; i++) {"
                                + " gallery.add({...job, id: id + '-' + String(i).padStart(3, '0')}); }"
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
}
