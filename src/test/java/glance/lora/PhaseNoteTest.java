package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PhaseNoteTest {
    @Test
    void entries_readBack_areEqual() {
        PhaseNote note = new PhaseNote("glance", "slow", List.of(1f, 0.9791915f));
        assertThat(PhaseNote.of(note.entries())).contains(note);
    }

    @Test
    void header_withoutPhase_hasNoNote() {
        assertThat(PhaseNote.of(Map.of("format", "pt"))).isEmpty();
        assertThat(PhaseNote.of(Map.of("glance.phase", " "))).isEmpty();
    }

    @Test
    void header_withOddSigmas_keepsThePhase() {
        Map<String, String> header = Map.of("glance.phase", "fast", "glance.sigmas", "0.5 high");
        assertThat(PhaseNote.of(header)).contains(new PhaseNote("", "fast", List.of()));
    }
}
