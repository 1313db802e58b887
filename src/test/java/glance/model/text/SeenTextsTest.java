package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeenTextsTest {
    private static final int MARK = 9;
    private static final List<QwenPictures.Units> PICTURES =
            List.of(new QwenPictures.Units(2, 3), new QwenPictures.Units(1, 1));

    @Test
    void expanded_marksBeyondThePictures_areText() {
        int[] ids = {1, MARK, 2, MARK, 3, MARK};
        assertThat(SeenTexts.expanded(ids, PICTURES, MARK))
                .containsExactly(1, 9, 9, 9, 9, 9, 9, 2, 9, 3, 9);
    }

    @Test
    void expanded_marksMissing_isRefused() {
        assertThatThrownBy(() -> SeenTexts.expanded(new int[] {1, MARK}, PICTURES, MARK))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 of 2 pictures");
    }

    @Test
    void positions_behindAPicture_goOnFromItsLongerSide() {
        int[] ids = SeenTexts.expanded(new int[] {1, MARK, 2, MARK, 3, MARK}, PICTURES, MARK);
        int[][] positions = SeenTexts.of(List.of(ids), PICTURES, MARK).positions();
        assertThat(positions[0]).containsExactly(0, 1, 1, 1, 1, 1, 1, 4, 5, 6, 7);
        assertThat(positions[1]).containsExactly(0, 1, 1, 1, 2, 2, 2, 4, 5, 6, 7);
        assertThat(positions[2]).containsExactly(0, 1, 2, 3, 1, 2, 3, 4, 5, 6, 7);
    }

    @Test
    void rows_ofEachText_takeThePicturesFromTheEnd() {
        List<QwenPictures.Units> one = List.of(new QwenPictures.Units(1, 2));
        List<int[]> texts = List.of(new int[] {1, 9, 9, 5}, new int[] {1, 9, 9, 0});
        assertThat(SeenTexts.of(texts, one, MARK).rows(2)).containsExactly(0, 8, 9, 3, 4, 8, 9, 7);
    }

    @Test
    void of_textsThatBeginDifferently_isRefused() {
        List<QwenPictures.Units> one = List.of(new QwenPictures.Units(1, 2));
        assertThatThrownBy(
                        () ->
                                SeenTexts.of(
                                        List.of(new int[] {1, 9, 9}, new int[] {9, 9, 1}),
                                        one,
                                        MARK))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
