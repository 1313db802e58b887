package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StatisticTest {
    @Test
    void of_dividesByOneLessThanTheCount() {
        Statistic statistic = Statistic.of(1, 2, 3, 4);
        assertThat(statistic.mean()).isEqualTo(2.5);
        assertThat(statistic.sd()).isCloseTo(Math.sqrt(5.0 / 3), within(1e-15));
        assertThat(statistic.count()).isEqualTo(4);
    }

    @Test
    void of_fewValues_hasNoSpread() {
        assertThat(Statistic.of(7).sd()).isNaN();
        assertThat(Statistic.of().mean()).isNaN();
    }

    @Test
    void median_isTheMiddle() {
        assertThat(Statistic.median(9, 1, 5)).isEqualTo(5);
        assertThat(Statistic.median(9, 1, 5, 7)).isEqualTo(6);
    }
}
