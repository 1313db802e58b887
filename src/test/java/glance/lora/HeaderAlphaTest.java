package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderAlphaTest {
    @ParameterizedTest
    @CsvSource({
        "lora_alpha=16 rank=4, 16",
        "lora_alpha=16 r=4, 16",
        "alpha=0.5, 0.5",
        "network_alpha=8 network_dim=4, 8",
        "transformer.lora_alpha=16 transformer.r=4, 16",
        "lora_alpha=16 transformer.lora_alpha=16.0, 16",
        "lora_alpha=8 r=4 use_rslora=True, 16",
        "ss_network_alpha=16 ss_network_dim=4, 16",
        "ss_network_alpha=16.0, 16",
        "lora_alpha=2 ss_network_alpha=16, 2"
    })
    void clearStrings_count(String header, double alpha) {
        assertThat(of(header, false, 4, 4)).isEqualTo(new HeaderAlpha(alpha, null));
    }

    @ParameterizedTest
    @CsvSource({
        "lora_alpha=16 rank=8, 'alpha 16, but rank 8 where the matrices have 4'",
        "lora_alpha=16 alpha=8, 'alpha 8 and 16, but which of them'",
        "lora_alpha=16 rank=4 transformer.r=8, 'alpha 16, but ranks 4 and 8'",
        "lora_alpha=-1, 'alpha -1, but alpha must be above 0'"
    })
    void unclearStrings_areDoubted(String header, String doubt) {
        assertThat(of(header, false, 4)).isEqualTo(new HeaderAlpha(null, doubt));
    }

    @Test
    void severalRanks_areDoubted() {
        assertThat(of("lora_alpha=16", false, 8, 4).doubt())
                .isEqualTo("alpha 16, but its modules have ranks 4 and others");
    }

    /** kohya's own conversion folds alpha into lora_A and lora_B and keeps these strings. */
    @Test
    void kohyaStrings_areDoubtedWhereAlphaIsMostlyFolded() {
        String header = "ss_network_alpha=16 ss_network_dim=4";
        assertThat(of(header, true, 4).doubt()).contains("mostly it is folded");
        assertThat(of("lora_alpha=16", true, 4).alpha()).isEqualTo(16);
        assertThat(of("ss_network_alpha=4", true, 4)).isEqualTo(new HeaderAlpha(4.0, null));
    }

    @ParameterizedTest
    @CsvSource({
        "format=pt",
        "rank=4",
        "lora_alpha=none",
        "ss_network_alpha=None ss_network_dim=Dynamic",
        "ss_network_alpha=0",
        "lora_alpha=NaN"
    })
    void otherStrings_sayNothing(String header) {
        assertThat(of(header, false, 4)).isEqualTo(new HeaderAlpha(null, null));
    }

    @Test
    void removeFrom_leavesOtherStrings() {
        Map<String, String> header =
                header("lora_alpha=1 transformer.r=2 ss_network_dim=3 ss_network_alpha=4 note=5");
        HeaderAlpha.removeFrom(header);
        assertThat(header).containsOnlyKeys("note");
    }

    private static HeaderAlpha of(String header, boolean folded, Integer... ranks) {
        return HeaderAlpha.of(header(header), List.of(ranks), folded);
    }

    private static Map<String, String> header(String text) {
        Map<String, String> header = new HashMap<>();
        for (String entry : text.split(" ")) {
            String[] parts = entry.split("=");
            header.put(parts[0], parts[1]);
        }
        return header;
    }
}
