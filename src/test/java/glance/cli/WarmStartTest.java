package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WarmStartTest {
    @Test
    void drawingOnTheCpu_isWarmedUp() {
        assertThat(isUseful("generate", "a red circle")).isTrue();
        assertThat(isUseful("generate", "a red circle", "--device", "cpu")).isTrue();
        assertThat(isUseful("generate", "--device=auto", "a red circle")).isTrue();
    }

    @Test
    void drawingElsewhere_isNot() {
        assertThat(isUseful("generate", "a red circle", "--device", "cuda")).isFalse();
        assertThat(isUseful("generate", "--device=cuda:1", "a red circle")).isFalse();
    }

    @Test
    void whatDrawsNothing_isNot() {
        assertThat(isUseful()).isFalse();
        assertThat(isUseful("generate")).isFalse();
        assertThat(isUseful("generate", "--help")).isFalse();
        assertThat(isUseful("info", "generate")).isFalse();
    }

    private static boolean isUseful(String... args) {
        return WarmStart.isUseful(args);
    }
}
