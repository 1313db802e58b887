package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QwenWindowsTest {
    @Test
    void of_edgesAndCorner_areWindowsOfTheirOwn() {
        QwenWindows windows = QwenWindows.of(new QwenPictures.Units(3, 5), 2);
        assertThat(windows.order())
                .containsExactly(0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14);
        assertThat(windows.kinds())
                .containsExactly(
                        new QwenWindows.Kind(2, 4),
                        new QwenWindows.Kind(1, 2),
                        new QwenWindows.Kind(2, 2),
                        new QwenWindows.Kind(1, 1));
    }

    /** Every unit stands in one window, with those that have its row and column of windows. */
    @Test
    void of_anySize_windowsAreThoseOfTheGrid() {
        for (int height = 1; height <= 9; height++) {
            for (int width = 1; width <= 9; width++) {
                QwenWindows windows = QwenWindows.of(new QwenPictures.Units(height, width), 4);
                int[] sorted = windows.order().clone();
                Arrays.sort(sorted);
                assertThat(sorted).isEqualTo(IntStream.range(0, height * width).toArray());
                int at = 0;
                for (QwenWindows.Kind kind : windows.kinds()) {
                    for (int window = 0; window < kind.windows(); window++) {
                        int own = window(windows.order()[at], width);
                        for (int unit = 0; unit < kind.units(); unit++) {
                            assertThat(window(windows.order()[at++], width)).isEqualTo(own);
                        }
                    }
                }
                assertThat(at).isEqualTo(height * width);
            }
        }
    }

    private static int window(int unit, int width) {
        return unit / width / 4 * 100 + unit % width / 4;
    }
}
