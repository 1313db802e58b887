package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Comparison;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.fixtures.Fixture;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.PhaseNote;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GridLayoutTest {
    private static final Lora SLOW = Lora.of(Path.of("a/slow.safetensors"));
    private static final Lora FAST = Lora.of(Path.of("fast/adapter_model.safetensors"));

    private static final ModelFolder MODEL = ModelFolder.open(Fixture.tinyModel());

    private static GridLayout glance(LoraGrid grid) {
        return GridLayout.of(grid, Plans.GLANCE, List.of());
    }

    @Test
    void twoAdapters_areRowsAndColumns_andNothingIsAddedAtZero() {
        GridLayout grid = glance(LoraGrid.of(SLOW, 0, 1).by(FAST.on("fast"), 0, 0.5f, 1));
        assertThat(grid.rows()).containsExactly("slow 0", "slow 1");
        assertThat(grid.columns())
                .containsExactly("fast 0 @fast", "fast 0.5 @fast", "fast 1 @fast");
        assertThat(grid.names())
                .containsExactly(
                        List.of("base", "fast:0.5@fast", "fast:1@fast"),
                        List.of("slow:1", "slow:1 + fast:0.5@fast", "slow:1 + fast:1@fast"));
        assertThat(grid.cells().get(0).get(0).loras()).isEmpty();
        assertThat(grid.cells().get(1).get(1).loras())
                .containsExactly(SLOW.strength(1), FAST.on("fast").strength(0.5f));
    }

    @Test
    void oneAdapter_hasThePhasesOfThePlanAsRows_andEqualCellsAreOneRun() {
        GridLayout grid = glance(LoraGrid.of(SLOW, 0, 1));
        assertThat(grid.rows()).containsExactly("phase slow, steps 1-5", "phase fast, steps 6-10");
        assertThat(grid.columns()).containsExactly("slow 0", "slow 1");
        assertThat(grid.names())
                .containsExactly(List.of("base", "slow:1@slow"), List.of("base", "slow:1@fast"));
        assertThat(grid.runs()).hasSize(3);
    }

    @Test
    void rows_areTheStepsOfTheGrid_elseOfTheAdapter_elseAll() {
        assertThat(glance(LoraGrid.of(SLOW, 1).on("1-3", "0%-50%")).rows())
                .containsExactly("steps 1-3", "steps 0%-50%");
        assertThat(glance(LoraGrid.of(SLOW.on("7"), 1)).rows()).containsExactly("steps 7");
        GridLayout uniform = GridLayout.of(LoraGrid.of(SLOW, 1), Plans.uniform(4), List.of());
        assertThat(uniform.rows()).containsExactly("steps 1-4");
    }

    @Test
    void adaptersOfTheSameName_haveTheirPaths() {
        Lora other = Lora.of(Path.of("b/slow.safetensors"));
        assertThat(glance(LoraGrid.of(SLOW, 1).by(other, 1)).names())
                .containsExactly(List.of(SLOW.path() + ":1 + " + other.path() + ":1"));
    }

    @Test
    void adaptersOfTheRequest_areInAllCells() {
        GridLayout grid = GridLayout.of(LoraGrid.of(SLOW, 0, 1), Plans.uniform(4), List.of(FAST));
        assertThat(grid.cells().get(0).get(0).loras()).containsExactly(FAST);
        assertThat(grid.cells().get(0).get(1).loras())
                .containsExactly(FAST, SLOW.on("1-4").strength(1));
    }

    @Test
    void stepsOfTwoAdapters_orGivenTwice_areRefused() {
        assertThatThrownBy(() -> LoraGrid.of(SLOW, 1).by(FAST, 1).on("1-2"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("give each adapter its own");
        assertThatThrownBy(() -> LoraGrid.of(SLOW.on("1"), 1).on("2"))
                .hasMessage("the steps of a grid are given twice: @1 and 2");
        assertThatThrownBy(() -> LoraGrid.of(SLOW))
                .hasMessageContaining("1 to 32 strengths, got 0");
        assertThatThrownBy(() -> LoraGrid.of(SLOW, 1).by(FAST, 1).by(SLOW, 1))
                .hasMessage("a grid has one or two adapters, got 3");
    }

    @Test
    void adapterThatKnowsItsPlan_bringsItAlong(@TempDir Path folder) {
        Path file = folder.resolve("style.safetensors");
        HostTensor tensor = new HostTensor(DType.F32, Shape.of(1), ByteBuffer.allocate(4));
        Map<String, String> header = new PhaseNote("glance-8", "slow", List.of()).entries();
        SafetensorsWriter.write(file, Map.of("x", tensor), header);
        Comparison grid = Comparison.of(Request.of("a")).grid(LoraGrid.of(Lora.of(file), 0, 1));
        GridLayout layout = ComparisonRequest.of(grid, MODEL).grid();
        assertThat(layout.plan().name()).isEqualTo("glance-8");
        assertThat(layout.rows()).containsExactly("phase slow, steps 1-3", "phase fast, steps 4-8");
    }

    @Test
    void severalPromptsOrSeeds_orOtherRuns_areRefused() {
        LoraGrid grid = LoraGrid.of(SLOW, 1);
        assertRefused(Comparison.of(Request.of("a", "b")).grid(grid), "got 2 prompts");
        assertRefused(Comparison.of(Request.of("a").batch(3)).grid(grid), "got 3 seeds");
        assertRefused(
                Comparison.of(Request.of("a")).run("glance").grid(grid), "a grid has its own runs");
    }

    private static void assertRefused(Comparison comparison, String reason) {
        assertThatThrownBy(() -> ComparisonRequest.of(comparison, MODEL))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(reason);
    }
}
