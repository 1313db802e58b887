package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.BlockFactors;
import glance.api.FormatException;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.fixtures.ScaledTwin;
import glance.fixtures.ScaledTwin.Kind;
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
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers with scales beside an 8-bit weight compute as their twins without them. */
class ScaledBaseTest {
    private static final int IN = 16;
    private static final int OUT = 12;
    private static final Map<String, Shape> MODULES = Map.of("m", Shape.of(OUT, IN));

    @TempDir private Path folder;

    private final Random random = new Random(3);
    private final HostTensor weight = floats(1, OUT, IN);
    private final HostTensor bias = floats(1, OUT);

    private HostTensor floats(float size, int... dims) {
        float[] values = new float[Math.toIntExact(Shape.of(dims).numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = size * (float) random.nextGaussian();
        }
        return HostFloats.tensor(DType.F32, Shape.of(dims), values);
    }

    private ScaledTwin twin(Kind kind) {
        Path file = folder.resolve("plain.safetensors");
        SafetensorsWriter.write(file, Map.of("m.weight", weight, "m.bias", bias), Map.of());
        return ScaledTwin.of(file, kind, name -> true, folder);
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

    static Stream<Arguments> bases() {
        List<String> adapters =
                List.of("", "lora", "dora", "bias", "diff", "lora dora", "dora diff", "diff bias");
        return Stream.of(Kind.values())
                .flatMap(kind -> adapters.stream().map(names -> Arguments.of(kind, names)));
    }

    @ParameterizedTest
    @MethodSource("bases")
    void layer_computesAsItsTwin(Kind kind, String adapters) {
        List<LoraFile> files =
                adapters.isEmpty()
                        ? List.of()
                        : List.of(adapters.split(" ")).stream().map(this::adapter).toList();
        ScaledTwin twin = twin(kind);
        List<Float> want = outputs(twin.twin(), files, false);
        for (boolean recorded : new boolean[] {false, true}) {
            List<Float> got = outputs(twin.scaled(), files, recorded);
            assertThat(got).hasSameSizeAs(want);
            float largest = want.stream().map(Math::abs).max(Float::compare).orElseThrow();
            for (int i = 0; i < want.size(); i++) {
                assertThat(Math.abs(got.get(i) - want.get(i))).isLessThan(2e-6f * largest);
            }
        }
    }

    @Test
    void layerOfAnotherSize_isRefused() {
        ScaledTwin twin = twin(Kind.INT8_ROWS);
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(twin.scaled());
                            Parameters parameters = new Parameters(ops, weights, "test")) {
                        parameters.linear("m", IN, OUT + 1);
                        assertThatThrownBy(parameters::finish)
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining(
                                        "mis-shaped m.weight: expected [13, 16], got [12, 16]");
                    }
                });
    }
}
