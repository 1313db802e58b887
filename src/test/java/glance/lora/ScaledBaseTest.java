package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.BlockFactors;
import glance.api.FormatException;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers with a scale beside an 8-bit weight compute as their twins without one. */
class ScaledBaseTest {
    private static final int IN = 16;
    private static final int OUT = 12;
    private static final float SCALE = 0.03f;
    private static final Map<String, Shape> MODULES = Map.of("m", Shape.of(OUT, IN));

    @TempDir private Path folder;

    private final Random random = new Random(3);
    private final HostTensor weight = floats(DType.F8_E4M3, 20, OUT, IN);
    private final HostTensor bias = floats(DType.F32, 1, OUT);

    private HostTensor floats(DType dtype, float size, int... dims) {
        float[] values = new float[Math.toIntExact(Shape.of(dims).numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = size * (float) random.nextGaussian();
        }
        return HostFloats.tensor(dtype, Shape.of(dims), values);
    }

    private Path scaled(String mark, HostTensor scale, Map<String, HostTensor> more) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>(more);
        tensors.put("m.weight", weight);
        tensors.put("m.bias", bias);
        tensors.put("m." + mark, scale);
        Path file = folder.resolve("scaled.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private Path scaled() {
        HostTensor scale = HostFloats.tensor(DType.F32, Shape.of(1), SCALE);
        return scaled("scale_weight", scale, Map.of());
    }

    private Path twin() {
        float[] values = HostFloats.read(weight);
        for (int i = 0; i < values.length; i++) {
            values[i] *= SCALE;
        }
        Path file = folder.resolve("twin.safetensors");
        SafetensorsWriter.write(
                file,
                Map.of(
                        "m.weight",
                        HostFloats.tensor(DType.F32, weight.shape(), values),
                        "m.bias",
                        bias),
                Map.of());
        return file;
    }

    private LoraFile adapter(String name) {
        AdapterFiles content = new AdapterFiles();
        switch (name) {
            case "lora" -> content.pair("m", 3, IN, OUT);
            case "dora" -> content.pair("m", 3, IN, OUT).tensor("m.dora_scale", OUT, 1);
            case "bias" -> content.pair("m", 3, IN, OUT).tensor("m.diff_b", OUT);
            default -> content.tensor("m.diff", OUT, IN);
        }
        Path file = content.write(folder.resolve(name + ".safetensors"));
        return LoraFile.open(file, KeyMap.identity(), MODULES);
    }

    /** What a layer makes of the same x, with what follows it. */
    private List<Float> outputs(Path file, List<LoraFile> adapters, boolean recorded) {
        List<Float> all = new ArrayList<>();
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(file);
                            Parameters parameters = new Parameters(ops, weights, "test")) {
                        Linear linear = parameters.linear("m", IN, OUT);
                        parameters.finish();
                        List<Expert> experts =
                                adapters.stream()
                                        .map(
                                                lora ->
                                                        new Expert(
                                                                lora,
                                                                Strength.of(0.5f),
                                                                new TreeSet<>(Set.of(1)),
                                                                BlockFactors.ONE))
                                        .toList();
                        try (ExpertSet set =
                                        new ExpertSet(
                                                ops,
                                                module -> true,
                                                module -> -1,
                                                BaseWeights.of(() -> parameters));
                                RunExperts run = set.perStep(1, experts);
                                Scope scope = ops.scope()) {
                            run.of(1).use(ops);
                            if (recorded) {
                                ops.record(new Silent());
                            }
                            for (Function<Ops, Epilogue> epilogue : epilogues()) {
                                Tensor x = values(ops, 7, 2, 5, IN);
                                Tensor y =
                                        ops.under(
                                                run.of(1).adapter(),
                                                () -> linear.forward(ops, x, epilogue.apply(ops)));
                                FloatBuffer numbers = ops.host().floats(y);
                                while (numbers.hasRemaining()) {
                                    all.add(numbers.get());
                                }
                            }
                            ops.record(null);
                        }
                    }
                });
        return all;
    }

    /** Keeps nothing. */
    private static final class Silent implements glance.ops.Recorder {
        @Override
        public void recorded(glance.op.Op op) {}

        @Override
        public List<Tensor> checkpoint(
                List<Tensor> inputs, java.util.function.Supplier<List<Tensor>> part) {
            return part.get();
        }
    }

    private static List<Function<Ops, Epilogue>> epilogues() {
        return List.of(
                ops -> Epilogue.none(),
                ops -> Epilogue.activation(Activation.SILU),
                ops -> Epilogue.gated(values(ops, 8, 2, OUT), values(ops, 9, 2, 5, OUT)));
    }

    private static Tensor values(Ops ops, long seed, int... dims) {
        Random random = new Random(seed);
        float[] values = new float[Math.toIntExact(Shape.of(dims).numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(Shape.of(dims), values);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "lora", "dora", "bias", "diff", "lora dora", "dora diff", "diff bias"})
    void layer_computesAsItsTwin(String adapters) {
        List<LoraFile> files =
                adapters.isEmpty()
                        ? List.of()
                        : List.of(adapters.split(" ")).stream().map(this::adapter).toList();
        List<Float> want = outputs(twin(), files, false);
        for (boolean recorded : new boolean[] {false, true}) {
            List<Float> got = outputs(scaled(), files, recorded);
            assertThat(got).hasSameSizeAs(want);
            float largest = want.stream().map(Math::abs).max(Float::compare).orElseThrow();
            for (int i = 0; i < want.size(); i++) {
                assertThat(Math.abs(got.get(i) - want.get(i))).isLessThan(2e-6f * largest);
            }
        }
    }

    @Test
    void scalesThatAreNotRead_areRefusedByName() {
        HostTensor perRow = HostFloats.tensor(DType.F32, Shape.of(OUT), new float[OUT]);
        refused(scaled("weight_scale", perRow, Map.of()));
        byte[] text = "{\"format\": \"mxfp8\"}".getBytes(StandardCharsets.UTF_8);
        HostTensor mark = new HostTensor(DType.U8, Shape.of(text.length), ByteBuffer.wrap(text));
        HostTensor one = HostFloats.tensor(DType.F32, Shape.of(), 1);
        refused(scaled("weight_scale", one, Map.of("m.comfy_quant", mark)));
        HostTensor zero = HostFloats.tensor(DType.F32, Shape.of(), 0);
        Path file = scaled("weight_scale", zero, Map.of());
        assertThatThrownBy(() -> Weights.open(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("m.weight_scale: must be a number other than 0");
    }

    private static void refused(Path file) {
        try (Weights weights = Weights.open(file)) {
            assertThat(weights.foreign()).hasMessageContaining("scales beside the weights");
        }
    }
}
