package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.cases.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Products with weights of few bits have the bits of those with the same weights in bf16. */
class NarrowWeightTest {
    @Test
    void products_equalThoseOfExpandedWeights_toTheBit() {
        List<String> differing = new ArrayList<>();
        int compared = 0;
        try (OpenDevices devices = new OpenDevices()) {
            for (TestDevice device : TestDevice.all()) {
                if (device.problem() == null && device.options().precision() == Precision.BF16) {
                    TestDevice narrow = products(device, "narrow");
                    TestDevice expanded = products(device, "mma");
                    for (Case each : NarrowWeightCases.cases().toList()) {
                        compared++;
                        if (!Parity.run(devices.open(narrow), each)
                                .equals(Parity.run(devices.open(expanded), each))) {
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
        Map<String, String> variants = Map.of("linear", variant, "linear_grad", variant);
        return new TestDevice(
                device.id(), new DeviceOptions(0, Precision.BF16, variants), device.problem());
    }
}
