package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import glance.serve.Served.Answer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** What is around the fields: the key, the connection, sizes of the screen. */
class PageFrameTest extends PageCase {
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
}
