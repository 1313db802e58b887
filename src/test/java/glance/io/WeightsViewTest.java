package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.GgufBytes;
import glance.io.Weights.Rows;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsViewTest {
    @TempDir private Path folder;

    private Weights weights;

    @BeforeEach
    void open() {
        weights = open(Map.of("w", HostFloats.tensor(DType.F32, Shape.of(3, 2), 0, 1, 2, 3, 4, 5)));
    }

    private Weights open(Map<String, HostTensor> tensors) {
        Path file = folder.resolve("model.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return Weights.open(file);
    }

    @AfterEach
    void close() {
        weights.close();
    }

    private float[] values(Rows... rows) {
        return HostFloats.read(weights.view(Map.of("x", List.of(rows))).tensor("x"));
    }

    @Test
    void data_rowsOfATensor_areReadWhereTheyLie() {
        assertThat(values(new Rows("w", 1, 2))).containsExactly(2, 3, 4, 5);
        assertThat(values(new Rows("w", 0, 3))).containsExactly(0, 1, 2, 3, 4, 5);
        Weights view = weights.view(Map.of("x", List.of(new Rows("w", 1, 1))));
        assertThat(view.tensors())
                .containsOnly(Map.entry("x", new TensorInfo("x", DType.F32, Shape.of(1, 2), 8)));
        assertThat(view.data("x").isReadOnly()).isTrue(); // the mapped file itself
        assertThatThrownBy(() -> view.data("w")).hasMessageContaining("no tensor named w");
    }

    @Test
    void data_rowsInAnotherOrder_areJoined() {
        assertThat(values(new Rows("w", 2, 1), new Rows("w", 0, 2)))
                .containsExactly(4, 5, 0, 1, 2, 3);
    }

    @Test
    void view_rowsThatAreNotThere_areRefused() {
        assertThatThrownBy(() -> values(new Rows("w", 2, 2)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("w: rows 2 to 4 of [3, 2] are not all there");
        assertThatThrownBy(() -> values(new Rows("w", 4, -1))).isInstanceOf(FormatException.class);
    }

    @Test
    void data_rowsThatEndWithinABlock_areRefused() {
        byte[] blocks =
                new GgufBytes()
                        .integers("comfy.gguf.orig_shape.w", 2, 12, 16)
                        .tensor("w", GgufBytes.Q8_0, 0, 64, 3)
                        .build(6 * 34);
        Path file = SafetensorsBytes.write(folder.resolve("model.gguf"), blocks);
        try (Weights gguf = Weights.open(file)) {
            Weights even = gguf.view(Map.of("x", List.of(new Rows("w", 2, 4))));
            assertThat(even.data("x").remaining()).isEqualTo(2 * 34);
            assertThatThrownBy(() -> gguf.view(Map.of("x", List.of(new Rows("w", 2, 3)))))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("w: rows 2 to 5 of [12, 16] end within a block of Q8_0");
            Weights odd = gguf.view(Map.of("x", List.of(new Rows("w", 1, 2))));
            assertThatThrownBy(() -> odd.data("x"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("begin or end within a block");
        }
    }

    @Test
    void scaling_isThatOfTheRows() {
        float[] ones = new float[6];
        Arrays.fill(ones, 1);
        HostTensor eights = HostFloats.tensor(DType.F8_E4M3, Shape.of(3, 2), ones);
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("a.weight", eights);
        tensors.put("a.weight_scale", HostFloats.tensor(DType.F32, Shape.of(3), 1, 2, 3));
        tensors.put("b.weight", eights);
        tensors.put("b.scale_weight", HostFloats.tensor(DType.F32, Shape.of(), 5));
        tensors.put("c.weight", HostFloats.tensor(DType.F32, Shape.of(3, 2), ones));
        try (Weights scaled = open(tensors)) {
            Rows a = new Rows("a.weight", 1, 2);
            Rows b = new Rows("b.weight", 0, 1);
            Weights view = scaled.view(Map.of("x", List.of(a), "y", List.of(b, a, b)));
            assertThat(values(view, "x")).containsExactly(2, 2, 3, 3);
            assertThat(values(view, "y")).containsExactly(5, 5, 2, 2, 3, 3, 5, 5);
            Rows c = new Rows("c.weight", 0, 1);
            assertThatThrownBy(() -> scaled.view(Map.of("x", List.of(a, c))))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("c.weight: is stored in another way than a.weight");
        }
    }

    @Test
    void view_joinsFloatsOfUnlikeTypes_inF32() {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("a", HostFloats.tensor(DType.BF16, Shape.of(2, 2), 1, 2, 3, 4));
        tensors.put("b", HostFloats.tensor(DType.F16, Shape.of(1, 2), 5, 6));
        try (Weights weights = open(tensors)) {
            Rows a = new Rows("a", 1, 1);
            Rows b = new Rows("b", 0, 1);
            Weights view = weights.view(Map.of("x", List.of(a, b), "y", List.of(a, a)));
            assertThat(view.tensors().get("x").dtype()).isEqualTo(DType.F32);
            assertThat(view.tensors().get("x").bytes()).isEqualTo(16);
            assertThat(values(view, "x")).containsExactly(3, 4, 5, 6);
            assertThat(view.tensors().get("y").dtype()).isEqualTo(DType.BF16);
        }
    }

    @Test
    void requireRoom_moreThan2GiB_isRefusedByName() {
        HostTensor one = HostFloats.tensor(DType.F32, Shape.of(1), 7);
        try (Weights weights = open(Map.of("a", one))) {
            Shape embedding = Shape.of(152064, 3584);
            weights.requireRoom("embed", DType.BF16, embedding, null);
            assertThatThrownBy(() -> weights.requireRoom("embed", DType.F32, embedding, "mend it"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("embed: is 2179989504 bytes in F32, over the limit of 2")
                    .hasMessageContaining("mend it");
        }
    }

    private static float[] values(Weights view, String name) {
        return HostFloats.read(view.scaling(name).values(view.tensor(name)));
    }

    @Test
    void transformer_prefixedNames_areThoseWithoutIt() {
        HostTensor one = HostFloats.tensor(DType.F32, Shape.of(1), 7);
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("model.diffusion_model.a", one);
        tensors.put("first_stage_model.b", one);
        try (Weights whole = open(tensors)) {
            assertThat(whole.transformer().tensors()).containsOnlyKeys("a");
            assertThat(HostFloats.read(whole.transformer().tensor("a"))).containsExactly(7);
        }
        assertThat(weights.transformer()).isSameAs(weights);
    }
}
