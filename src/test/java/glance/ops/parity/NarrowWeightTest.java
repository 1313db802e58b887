package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.cases.Case;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Products with weights of few bits have the bits of those with the same weights in bf16. */
class NarrowWeightTest {
    @Test
    void products_equalThoseOfExpandedWeights_toTheBit() {
        expectSameBits(
                "narrow", "mma", NarrowWeightCases.BYTES.stream().flatMap(NarrowWeightCases::of));
    }

    @Test
    void productsOfBlocks_equalThoseOfExpandedWeights_toTheBit() {
        expectSameBits(
                "blocks",
                "mma",
                Stream.of(DType.Q4_0, DType.Q4_K).flatMap(NarrowWeightCases::blocks));
    }

    @Test
    void productsOfHopper_equalThoseOfExpandedWeights_toTheBit() {
        expectSameBits(
                "narrow_wgmma",
                "wgmma",
                Stream.concat(
                        NarrowWeightCases.BYTES.stream().flatMap(NarrowWeightCases::of),
                        NarrowWeightCases.BLOCKS.stream().flatMap(NarrowWeightCases::blocks)));
    }

    /** Sums have another order there. */
    @Test
    void weights_ofFewRows_areTheExpandedOnes_toTheBit() {
        expectSameBits(
                "few",
                "mma",
                Stream.of(DType.F8_E4M3, DType.I8, DType.Q8_0, DType.Q4_0, DType.Q4_K)
                        .flatMap(
                                dtype ->
                                        IntStream.iterate(0, from -> from < 512, from -> from + 64)
                                                .mapToObj(
                                                        from ->
                                                                NarrowWeightCases.picked(
                                                                        dtype, from, 64, 512,
                                                                        17))));
    }

    private static void expectSameBits(String variant, String other, Stream<Case> cases) {
        List<String> differing = new ArrayList<>();
        List<Case> all = cases.toList();
        int compared = 0;
        try (OpenDevices devices = new OpenDevices()) {
            for (TestDevice device : TestDevice.all()) {
                if (device.problem() == null && device.options().precision() == Precision.BF16) {
                    Device own = devices.open(products(device, variant));
                    Device expanded = devices.open(products(device, other));
                    for (Case each : all) {
                        compared++;
                        if (!Parity.run(own, each).equals(Parity.run(expanded, each))) {
                            differing.add(each.name());
                        }
                    }
                }
            }
        }
        assumeTrue(compared > 0, "no device computes in bf16 with variants");
        assertThat(differing).isEmpty();
    }

    private static TestDevice products(TestDevice device, String variant) {
        boolean forward = variant.equals("few") || variant.equals("blocks");
        String gradient = forward ? "mma" : variant;
        Map<String, String> variants = Map.of("linear", variant, "linear_grad", gradient);
        return new TestDevice(
                device.id(), new DeviceOptions(0, Precision.BF16, variants), device.problem());
    }
}
