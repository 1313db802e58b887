package glance.model.flux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.BlockFactors;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.api.Strength;
import glance.autograd.Tape;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.ScaledTwin;
import glance.fixtures.ScaledTwin.Kind;
import glance.io.Config;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.lora.BaseWeights;
import glance.lora.Expert;
import glance.lora.ExpertSet;
import glance.lora.LoraFile;
import glance.lora.RunExperts;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.train.TrainableAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * FLUX in the names of black-forest-labs with scales beside its weights, which are cut and joined
 * with them, computes as its twin in F32 does.
 */
class ScaledTransformerTest {
    private static final Path BASE = Fixture.folder("flux-single-file-bf16");
    private static final FluxConfig CONFIG =
            FluxConfig.of(Config.read(BASE.resolve("config.json")));

    private static final Map<String, Shape> ADAPTED =
            Map.of(
                    "transformer_blocks.0.attn.to_q", Shape.of(64, 64),
                    "transformer_blocks.0.ff.net.0.proj", Shape.of(256, 64),
                    "single_transformer_blocks.0.attn.to_k", Shape.of(64, 64),
                    "single_transformer_blocks.0.proj_out", Shape.of(64, 320),
                    "norm_out.linear", Shape.of(128, 64));

    @TempDir private Path folder;

    private ScaledTwin twin(Kind kind) {
        return ScaledTwin.of(BASE.resolve("model.safetensors"), kind, name -> true, folder);
    }

    private Path adapter(String kind) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        ADAPTED.forEach(
                (module, shape) -> {
                    String key = "transformer." + module;
                    if (kind.equals("diff")) {
                        tensors.put(key + ".diff", normal(0.05, shape.dims()));
                        return;
                    }
                    tensors.put(key + ".lora_A.weight", normal(0.2, 3, shape.dim(1)));
                    tensors.put(key + ".lora_B.weight", normal(0.2, shape.dim(0), 3));
                    if (kind.equals("dora")) {
                        tensors.put(key + ".lora_magnitude_vector", normal(1, shape.dim(0)));
                    }
                });
        Path file = folder.resolve(kind + ".safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private static HostTensor normal(double deviation, int... dims) {
        Shape shape = Shape.of(dims);
        Random random = new Random(shape.hashCode());
        float[] values = new float[Math.toIntExact(shape.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return HostFloats.tensor(DType.F32, shape, values);
    }

    private static Tensor sample(Ops ops, FluxTransformer transformer) {
        Modulation modulation =
                transformer.modulation(
                        ops, new float[] {0.7f}, new float[] {3.5f}, values(ops, 1, 40));
        return transformer.velocity(
                ops,
                values(ops, 1, 12, 16),
                Optional.empty(),
                values(ops, 1, 5, 64),
                modulation,
                transformer.positions(ops, 5, new Canvas(new TokenGrid(3, 4))));
    }

    private static Tensor values(Ops ops, int... dims) {
        return ops.host().floats(Shape.of(dims), HostFloats.read(normal(1, dims)));
    }

    private static float[] floats(Ops ops, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        ops.host().floats(tensor).get(values);
        return values;
    }

    /** What is made of the transformer in a file. */
    private static <T> T with(Path file, String id, Precision precision, Function<Loaded, T> work) {
        try (Device device = Devices.open(id, new DeviceOptions(0, precision));
                Ops ops = new Ops(device);
                Weights weights = Weights.open(file);
                FluxTransformer transformer = new FluxTransformer(ops, CONFIG, weights);
                Scope scope = ops.scope()) {
            return work.apply(new Loaded(ops, transformer));
        }
    }

    private record Loaded(Ops ops, FluxTransformer transformer) {
        LoraFile open(Path adapter) {
            return LoraFile.open(adapter, new FluxKeyMap(), transformer.parameters().modules());
        }
    }

    private static float[] output(Loaded loaded, Path adapter) {
        Ops ops = loaded.ops();
        if (adapter == null) {
            return floats(ops, sample(ops, loaded.transformer()));
        }
        LoraFile lora = loaded.open(adapter);
        assertThat(lora.unmatched()).isEmpty();
        Expert expert =
                new Expert(lora, Strength.of(0.8f), new TreeSet<>(Set.of(1)), BlockFactors.ONE);
        try (ExpertSet set =
                        new ExpertSet(
                                ops,
                                module -> true,
                                module -> -1,
                                BaseWeights.of(() -> loaded.transformer().parameters()));
                RunExperts run = set.perStep(1, List.of(expert))) {
            run.of(1).use(ops);
            return ops.under(
                    run.of(1).adapter(), () -> floats(ops, sample(ops, loaded.transformer())));
        }
    }

    /** Root of the mean square of the difference over that of what is wanted. */
    private static double difference(float[] got, float[] want) {
        assertThat(got).hasSameSizeAs(want);
        double squares = 0;
        double size = 0;
        for (int i = 0; i < want.length; i++) {
            squares += (got[i] - want[i]) * (double) (got[i] - want[i]);
            size += want[i] * (double) want[i];
        }
        return Math.sqrt(squares / size);
    }

    static Stream<Arguments> runs() {
        List<Arguments> runs = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (String adapter : List.of("", "lora", "dora", "diff")) {
                runs.add(Arguments.of(kind, adapter, "cpu", Precision.F32, 2e-6));
                runs.add(Arguments.of(kind, adapter, "cuda-emulated", Precision.F32, 2e-6));
                runs.add(Arguments.of(kind, adapter, "cuda-emulated", Precision.BF16, 2e-2));
            }
        }
        return runs.stream();
    }

    /** Measured: 8e-7 in F32, 1e-2 in BF16. */
    @ParameterizedTest
    @MethodSource("runs")
    void sample_isThatOfTheTwin(
            Kind kind, String name, String device, Precision precision, double tolerance) {
        needs(device);
        ScaledTwin twin = twin(kind);
        Path adapter = name.isEmpty() ? null : adapter(name);
        float[] want = with(twin.twin(), "cpu", null, loaded -> output(loaded, adapter));
        float[] got = with(twin.scaled(), device, precision, loaded -> output(loaded, adapter));
        assertThat(difference(got, want)).isLessThan(tolerance);
    }

    /** Measured: 2e-6. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void gradients_areThoseOfTheTwin(Kind kind) {
        ScaledTwin twin = twin(kind);
        Path adapter = adapter("lora");
        List<float[]> want = with(twin.twin(), "cpu", null, loaded -> gradients(loaded, adapter));
        List<float[]> got = with(twin.scaled(), "cpu", null, loaded -> gradients(loaded, adapter));
        for (int i = 0; i < want.size(); i++) {
            assertThat(difference(got.get(i), want.get(i))).isLessThan(1e-5);
        }
    }

    private static List<float[]> gradients(Loaded loaded, Path adapter) {
        Ops ops = loaded.ops();
        List<float[]> gradients = new ArrayList<>();
        try (TrainableAdapter trainable = new TrainableAdapter(ops, loaded.open(adapter).pairs());
                Tape tape = new Tape(ops, true)) {
            trainable.parameters().forEach(tape::watch);
            ops.under(
                    trainable,
                    () -> {
                        Tensor y = sample(ops, loaded.transformer());
                        tape.backward(y, values(ops, y.shape().dims()));
                        return y;
                    });
            trainable.parameters().forEach(p -> gradients.add(floats(ops, tape.gradient(p))));
        }
        return gradients;
    }

    private static void needs(String device) {
        boolean emulated = device.equals("cuda-emulated");
        assumeTrue(!emulated || EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }
}
