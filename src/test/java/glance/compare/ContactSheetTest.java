package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
    private static final String PROMPT =
            "three blue stars on a white background and many more words than fit";

    private static BufferedImage plain(int width, int height, int rgb) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            picture.setRGB(i % width, i / width, rgb);
        }
        return picture;
    }

    /** Pixels of a colour: row-major bounds of where they are. */
    private static int[] bounds(BufferedImage sheet, int rgb) {
        int[] bounds = {Integer.MAX_VALUE, Integer.MAX_VALUE, -1, -1};
        for (int y = 0; y < sheet.getHeight(); y++) {
            for (int x = 0; x < sheet.getWidth(); x++) {
                if ((sheet.getRGB(x, y) & 0xffffff) == rgb) {
                    bounds[0] = Math.min(bounds[0], x);
                    bounds[1] = Math.min(bounds[1], y);
                    bounds[2] = Math.max(bounds[2], x);
                    bounds[3] = Math.max(bounds[3], y);
                }
            }
        }
        return bounds;
    }

    @Test
    void pictures_standInRowsAndColumns() {
        ContactSheet sheet =
                new ContactSheet(
                        "",
                        Map.of(),
                        List.of(PROMPT, PROMPT),
                        List.of("teacher", "short"),
                        128,
                        64,
                        64);
        sheet.put(0, 0, plain(64, 64, 0xd62828));
        sheet.put(1, 1, plain(64, 64, 0x388e3c));
        int[] red = bounds(sheet.picture(), 0xd62828);
        int[] green = bounds(sheet.picture(), 0x388e3c);
        assertThat(red[2] - red[0] + 1).isEqualTo(128);
        assertThat(red[3] - red[1] + 1).isEqualTo(128);
        assertThat(green[0]).isGreaterThan(red[2]);
        assertThat(green[1]).isGreaterThan(red[3]);
    }

    @Test
    void largePictures_areReducedInProportion() {
        ContactSheet sheet =
                new ContactSheet("", Map.of(), List.of(PROMPT), List.of("teacher"), 128, 1024, 512);
        sheet.put(0, 0, plain(1024, 512, 0xd62828));
        int[] red = bounds(sheet.picture(), 0xd62828);
        assertThat(red[2] - red[0] + 1).isEqualTo(128);
        assertThat(red[3] - red[1] + 1).isEqualTo(64);
    }

    @Test
    void longNames_goOnInTheNextLine_andNeverLeaveTheirPlace() {
        String name = "an-adapter-with-a-name-that-is-longer-than-a-picture-is-wide";
        BufferedImage plain = sheet("name").picture();
        BufferedImage tall = sheet(name).picture();
        assertThat(tall.getHeight() - plain.getHeight()).isBetween(30, 80);
        int[] text = bounds(tall, 0);
        assertThat(text[0]).isGreaterThan(2);
        assertThat(text[1]).isGreaterThanOrEqualTo(0);
        assertThat(text[2]).isLessThan(tall.getWidth() - 4);
    }

    private static ContactSheet sheet(String name) {
        ContactSheet sheet =
                new ContactSheet("", Map.of(), List.of(name), List.of(name), 128, 64, 64);
        sheet.put(0, 0, plain(64, 64, 0xffffff));
        return sheet;
    }

    @Test
    void rowsWithoutPictures_atTheEnd_areLeftOut() {
        List<String> rows = List.of(PROMPT, PROMPT, PROMPT);
        ContactSheet sheet = new ContactSheet("", Map.of(), rows, List.of("teacher"), 128, 64, 64);
        sheet.put(0, 0, plain(64, 64, 0xd62828));
        assertThat(sheet.picture().getHeight()).isLessThan(200);
    }

    @Test
    void sources_standAboveAllPictures_inTheirOwnProportions() {
        Map<String, BufferedImage> sources = new LinkedHashMap<>();
        sources.put("reference 1", plain(200, 100, 0x1976d2));
        sources.put("reference 2", plain(30, 60, 0xfbc02d));
        ContactSheet sheet =
                new ContactSheet("", sources, List.of(PROMPT), List.of("teacher"), 128, 64, 64);
        sheet.put(0, 0, plain(64, 64, 0xd62828));
        int[] red = bounds(sheet.picture(), 0xd62828);
        int[] wide = bounds(sheet.picture(), 0x1976d2);
        int[] high = bounds(sheet.picture(), 0xfbc02d);
        assertThat(wide[2] - wide[0] + 1).isEqualTo(128);
        assertThat(wide[3] - wide[1] + 1).isEqualTo(64);
        assertThat(high[2] - high[0] + 1).isEqualTo(64);
        assertThat(high[3] - high[1] + 1).isEqualTo(128);
        assertThat(wide[0]).isEqualTo(red[0]);
        assertThat(high[0]).isGreaterThan(wide[2]);
        assertThat(red[1]).isGreaterThan(high[3]);
    }
}
