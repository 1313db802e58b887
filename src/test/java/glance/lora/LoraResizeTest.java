package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LoraResizeTest {
    private final LoraPair pair = Matrices.pair(6, 20, 16, 12, 8);

    @Test
    void ownRank_changesNothing() {
        LoraResize.Result result = new LoraResize(6, 1).apply("m", Update.of(pair));
        assertThat(Matrices.distance(Matrices.update(result.pair()), Matrices.update(pair)))
                .isLessThan(1e-6);
        assertThat(result.kept()).isEqualTo(1);
    }

    @Test
    void rankAboveItsOwn_keepsItsOwn() {
        assertThat(new LoraResize(16, 1).apply("m", Update.of(pair)).pair().rank()).isEqualTo(6);
    }

    @Test
    void energy_choosesTheRankUpToTheLimit() {
        LowRankSvd svd = LowRankSvd.of("m", pair);
        int wanted = svd.rankFor(0.8);
        assertThat(wanted).isBetween(2, 5);
        LoraResize.Result free =
                new LoraResize(LoraResize.NO_LIMIT, 0.8).apply("m", Update.of(pair));
        assertThat(free.pair().rank()).isEqualTo(wanted);
        assertThat(free.kept()).isGreaterThanOrEqualTo(0.8).isEqualTo(svd.kept(wanted));
        assertThat(new LoraResize(1, 0.8).apply("m", Update.of(pair)).pair().rank()).isEqualTo(1);
    }

    @Test
    void valuesOutOfRange_areRefused() {
        assertThatThrownBy(() -> new LoraResize(0, 1)).hasMessage("rank must be at least 1, got 0");
        assertThatThrownBy(() -> new LoraResize(1, 0))
                .hasMessageContaining("energy must be above 0");
        assertThatThrownBy(() -> new LoraResize(1, Double.NaN)).hasMessageContaining("energy");
        assertThatThrownBy(() -> new LoraResize(17, 1).apply("attn.to_q", Update.of(pair)))
                .hasMessage(
                        "attn.to_q: rank must be at most 16, the smaller side of its weight,"
                                + " got 17");
    }
}
