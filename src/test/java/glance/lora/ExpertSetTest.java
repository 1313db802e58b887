package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.BlockFactors;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.api.Strength;
import glance.backend.Device;
import glance.backend.Devices;
import glance.io.HostTensor;
import glance.op.Epilogue;
import glance.op.LowRank;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertSetTest {
    private static final Map<String, Shape> MODULES =
            Map.of("q", Shape.of(13, 17), "k", Shape.of(13, 17));

    @TempDir Path folder;

    private final Device device = Devices.open("cpu", DeviceOptions.defaults());
    private final Ops ops = new Ops(device);

    /** A file and its strength in the one step that there is. */
    private record Active(LoraFile file, float strength) {
        Expert expert() {
            return ExpertSetTest.expert(file, Strength.of(strength), 1);
        }
    }

    private static Expert expert(LoraFile file, Strength strength, Integer... steps) {
        return new Expert(file, strength, new TreeSet<>(Set.of(steps)), BlockFactors.ONE);
    }

    /** What a step of these adapters alone adds. */
    private static Map<String, LowRank> blend(ExpertSet set, Ops ops, List<Active> adapters) {
        RunExperts run = set.perStep(1, adapters.stream().map(Active::expert).toList());
        run.of(1).use(ops);
        return modules(run.of(1));
    }

    private static Map<String, LowRank> modules(StepExperts step) {
        return ((Blend) step.adapter()).modules();
    }

    private static List<Float> scales(Ops ops, LowRank lowRank) {
        FloatBuffer values = ops.host().floats(lowRank.scales());
        List<Float> result = new ArrayList<>();
        while (values.hasRemaining()) {
            result.add(values.get());
        }
        return result;
    }

    @AfterEach
    void close() {
        ops.close();
        device.close();
    }

    @Test
    void perStep_oneAdapter_keepsItsMatricesAndPassesTheScale() {
        LoraFile file = adapter("one", "q", 4, 8);
        try (ExpertSet adapters = set(ops)) {
            Map<String, LowRank> half = blend(adapters, ops, List.of(new Active(file, 0.5f)));
            assertThat(half).containsOnlyKeys("q");
            assertThat(scales(ops, half.get("q"))).containsOnly(0.5f * 8 / 4).hasSize(4);
            assertThat(half.get("q").a().shape()).isEqualTo(Shape.of(4, 17));
            assertThat(half.get("q").b().shape()).isEqualTo(Shape.of(13, 4));
            Map<String, LowRank> whole = blend(adapters, ops, List.of(new Active(file, 1)));
            assertThat(whole.get("q")).isSameAs(half.get("q"));
            assertThat(scales(ops, whole.get("q"))).containsOnly(2f);
            assertSum(whole.get("q"), List.of(new Active(file, 1)));
        }
    }

    @Test
    void perStep_severalAdapters_isTheSumOfTheirProducts() {
        List<Active> active =
                List.of(
                        new Active(adapter("a", "q", 1, 3), 0.7f),
                        new Active(adapter("b", "q", 5, 20), -1.5f),
                        new Active(adapter("c", "q", 8, 8), 0.01f));
        try (ExpertSet adapters = set(ops)) {
            LowRank sum = blend(adapters, ops, active).get("q");
            assertThat(sum.a().shape()).isEqualTo(Shape.of(14, 17));
            assertThat(sum.b().shape()).isEqualTo(Shape.of(13, 14));
            assertThat(sum.scale()).isEqualTo(1);
            assertSum(sum, active);
        }
    }

    @Test
    void perStep_halfPrecisionAdapter_isWidened() {
        LoraFile single = adapter("a", "q", 2, 2);
        LoraFile half =
                open(
                        "half",
                        new AdapterFiles()
                                .bfloats("q.lora_A.weight", 3, 17)
                                .bfloats("q.lora_B.weight", 13, 3));
        try (ExpertSet adapters = set(ops)) {
            List<Active> both = List.of(new Active(half, 0.5f), new Active(single, 2));
            LowRank sum = blend(adapters, ops, both).get("q");
            assertThat(sum.a().shape()).isEqualTo(Shape.of(5, 17));
            assertSum(sum, both);
        }
    }

    /**
     * The matrices are those of the files and the strengths are not rounded, so that only the small
     * product and the result are. With x a row of the identity that is one rounding for each
     * adapter, of s A, and one of the result.
     */
    @Test
    void perStep_severalAdaptersInBf16_roundNoStrengthIntoAMatrix() {
        LoraFile one =
                open(
                        "one",
                        new AdapterFiles()
                                .bfloats("q.lora_A.weight", 1, 17)
                                .bfloats("q.lora_B.weight", 13, 1));
        LoraFile two =
                open(
                        "two",
                        new AdapterFiles()
                                .bfloats("q.lora_A.weight", 1, 17)
                                .bfloats("q.lora_B.weight", 13, 1));
        List<Active> active = List.of(new Active(one, 0.7003f), new Active(two, -1.3007f));
        try (Device gpu = Devices.open("cuda-emulated", new DeviceOptions(2, Precision.BF16));
                Ops half = new Ops(gpu);
                ExpertSet adapters = set(half);
                Scope scope = half.scope()) {
            LowRank sum = blend(adapters, half, active).get("q");
            FloatBuffer scales = half.host().floats(sum.scales());
            assertThat(scales.get(0)).isEqualTo(0.7003f);
            assertThat(scales.get(sum.rank() / 2)).isEqualTo(-1.3007f);
            float[] rows = new float[17 * 17];
            for (int i = 0; i < 17; i++) {
                rows[18 * i] = 1;
            }
            Tensor y =
                    half.linear(
                            half.cast(half.host().floats(Shape.of(17, 17), rows), DType.BF16),
                            half.host().floats(Shape.of(13, 17), new float[13 * 17]),
                            null,
                            sum,
                            Epilogue.none());
            FloatBuffer values = half.host().floats(y);
            for (int i = 0; i < 17; i++) {
                for (int o = 0; o < 13; o++) {
                    double first = product(rows, i, active.get(0), o);
                    double second = product(rows, i, active.get(1), o);
                    double roundings =
                            Math.abs(first) + Math.abs(second) + Math.abs(first + second);
                    assertThat(Math.abs(values.get(13 * i + o) - (first + second)))
                            .isLessThanOrEqualTo(0x1p-9 * roundings * (1 + 1e-2));
                }
            }
        }
    }

    @Test
    void perStep_adaptersOfDifferentModules_standBesideEachOther() {
        LoraFile q = adapter("a", "q", 2, 2);
        LoraFile k = adapter("b", "k", 3, 3);
        try (ExpertSet adapters = set(ops)) {
            Map<String, LowRank> both =
                    blend(adapters, ops, List.of(new Active(q, 1), new Active(k, 1)));
            assertThat(both).containsOnlyKeys("q", "k");
            assertThat(both.get("q").a().dim(0)).isEqualTo(2);
            assertThat(both.get("k").a().dim(0)).isEqualTo(3);
        }
    }

    @Test
    void perStep_strengthZero_isLeftOut() {
        LoraFile file = adapter("a", "q", 2, 2);
        try (ExpertSet adapters = set(ops)) {
            assertThat(blend(adapters, ops, List.of(new Active(file, 0)))).isEmpty();
        }
    }

    @Test
    void perStep_stepsOfTheSameExperts_shareOneInstance() {
        LoraFile slow = adapter("slow", "q", 2, 2);
        LoraFile fast = adapter("fast", "q", 2, 2);
        LoraFile style = adapter("style", "k", 2, 2);
        try (ExpertSet adapters = set(ops);
                RunExperts run =
                        adapters.perStep(
                                6,
                                List.of(
                                        expert(slow, Strength.FULL, 1, 2),
                                        expert(fast, Strength.FULL, 3, 4, 5),
                                        expert(style, Strength.FULL, 5)))) {
            assertThat(run.of(1)).isSameAs(run.of(2)).isNotSameAs(run.of(3));
            assertThat(run.of(3)).isSameAs(run.of(4)).isNotSameAs(run.of(5));
            assertThat(modules(run.of(5))).containsOnlyKeys("q", "k");
            assertThat(modules(run.of(5)).get("q").a()).isSameAs(modules(run.of(4)).get("q").a());
            assertThat(modules(run.of(6))).isEmpty();
        }
    }

    @Test
    void perStep_stepsThatDifferInStrengthAlone_shareTheAdapter() {
        LoraFile file = adapter("one", "q", 4, 8);
        try (ExpertSet adapters = set(ops);
                RunExperts run =
                        adapters.perStep(
                                4,
                                List.of(expert(file, Strength.each(1, 0.5f, 0, 1), 1, 2, 3, 4)))) {
            LowRank lowRank = modules(run.of(1)).get("q");
            float[] want = {2, 1, 0, 2};
            for (int step = 1; step <= 4; step++) {
                assertThat(run.of(step).adapter()).isSameAs(run.of(1).adapter());
                run.of(step).use(ops);
                assertThat(scales(ops, lowRank)).containsOnly(want[step - 1]);
            }
            assertThat(run.of(4)).isSameAs(run.of(1)).isNotSameAs(run.of(2));
        }
    }

    @Test
    void perStep_factorsOfBlocks_areOnTopOfTheStrength() {
        LoraFile q = adapter("one", "q", 2, 2);
        LoraFile k = adapter("two", "k", 2, 2);
        BlockFactors factors = new BlockFactors(List.of(new BlockFactors.Range(1, 3, 0.5f)));
        Map<String, Integer> blocks = Map.of("q", 0, "k", 1);
        try (ExpertSet adapters =
                        new ExpertSet(ops, module -> true, blocks::get, BaseWeights.of(Map.of()));
                RunExperts run =
                        adapters.perStep(
                                1,
                                Stream.of(q, k)
                                        .map(
                                                file ->
                                                        new Expert(
                                                                file,
                                                                Strength.of(3),
                                                                new TreeSet<>(Set.of(1)),
                                                                factors))
                                        .toList())) {
            run.of(1).use(ops);
            assertThat(scales(ops, modules(run.of(1)).get("q"))).containsOnly(3f);
            assertThat(scales(ops, modules(run.of(1)).get("k"))).containsOnly(1.5f);
        }
    }

    @Test
    void close_givesAllMemoryBack() {
        LoraFile a = adapter("a", "q", 2, 2);
        LoraFile b = adapter("b", "q", 2, 2);
        var before = device.memory().stats();
        Tensor joined;
        try (ExpertSet adapters = set(ops);
                RunExperts run =
                        adapters.perStep(
                                2,
                                List.of(
                                        expert(a, Strength.FULL, 1, 2),
                                        expert(b, Strength.FULL, 2)))) {
            joined = modules(run.of(2)).get("q").a();
            assertThat(joined.storage().isFreed()).isFalse();
            assertThat(device.memory().stats()).isNotEqualTo(before);
        }
        assertThat(joined.storage().isFreed()).isTrue();
        assertThat(device.memory().stats().scratchBytes()).isEqualTo(before.scratchBytes());
        assertThat(device.memory().stats().weightBytes()).isEqualTo(before.weightBytes());
    }

    /**
     * Compares {@code x W^T + scale (x A^T) B^T} on the device with {@code x W^T} plus the product
     * of each adapter alone, in float64. Tolerance: float32 rounding of 17 + 14 terms.
     */
    private void assertSum(LowRank got, List<Active> adapters) {
        Random random = new Random(1);
        float[] x = gaussian(random, 3 * 17);
        float[] w = gaussian(random, 13 * 17);
        try (Scope scope = ops.scope()) {
            Tensor y =
                    ops.linear(
                            ops.host().floats(Shape.of(3, 17), x),
                            ops.host().floats(Shape.of(13, 17), w),
                            null,
                            got,
                            Epilogue.none());
            FloatBuffer values = ops.host().floats(y);
            double scale = 0;
            double error = 0;
            for (int row = 0; row < 3; row++) {
                for (int out = 0; out < 13; out++) {
                    double want = 0;
                    for (int i = 0; i < 17; i++) {
                        want += (double) x[17 * row + i] * w[17 * out + i];
                    }
                    for (Active active : adapters) {
                        want += product(x, row, active, out);
                    }
                    error = Math.max(error, Math.abs(values.get(13 * row + out) - want));
                    scale = Math.max(scale, Math.abs(want));
                }
            }
            assertThat(error / scale).isLessThan(1e-6);
        }
    }

    private static double product(float[] x, int row, Active active, int out) {
        LoraPair pair = active.file().pairs().get("q");
        double sum = 0;
        for (int r = 0; r < pair.rank(); r++) {
            double inner = 0;
            for (int i = 0; i < 17; i++) {
                inner += x[17 * row + i] * (double) at(pair.a(), 17 * r + i);
            }
            sum += inner * at(pair.b(), pair.rank() * out + r);
        }
        return (double) active.strength() * pair.alpha() / pair.rank() * sum;
    }

    private static float at(HostTensor tensor, int index) {
        return tensor.dtype() == DType.BF16
                ? Float.intBitsToFloat(tensor.data().asShortBuffer().get(index) << 16)
                : tensor.data().asFloatBuffer().get(index);
    }

    private static float[] gaussian(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private LoraFile adapter(String name, String module, int rank, float alpha) {
        return open(
                name,
                new AdapterFiles()
                        .pair(module, rank, 17, 13)
                        .floats(module + ".alpha", Shape.of(), alpha));
    }

    private static ExpertSet set(Ops ops) {
        return new ExpertSet(ops, module -> true, module -> -1, BaseWeights.of(Map.of()));
    }

    private LoraFile open(String name, AdapterFiles content) {
        return LoraFile.open(
                content.write(folder.resolve(name + ".safetensors")), KeyMap.identity(), MODULES);
    }
}
