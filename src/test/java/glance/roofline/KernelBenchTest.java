package glance.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.api.DeviceOptions;
import glance.api.RequestException;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.KernelTable;
import glance.cases.Cost;
import glance.cases.ForwardingDevice;
import glance.op.Op;
import glance.ops.parity.TestDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class KernelBenchTest {
    private static final Scale TINY = new Scale(64);

    /** Every kernel of the table, on every device of this machine. */
    @TestFactory
    Stream<DynamicTest> everyKernel_equalsFloat64() {
        return TestDevice.all().stream()
                .map(
                        device ->
                                DynamicTest.dynamicTest(
                                        device.toString(), () -> everyKernelIsRight(device)));
    }

    private static void everyKernelIsRight(TestDevice device) {
        if (device.problem() != null) {
            abort(device.problem());
        }
        try (Device open = device.open()) {
            List<Row> rows = run(open, settings(null, true));
            assertThat(rows).hasSize(KernelCases.all(TINY).size());
            assertThat(rows).filteredOn(Row::isWrong).isEmpty();
            assertThat(rows)
                    .filteredOn(row -> row.accuracy() == null)
                    .allMatch(row -> row.problem().contains("cannot run on this device"))
                    .allMatch(row -> row.name().matches("(attention.backward|adamw).*"));
            if (device.isReference()) {
                assertThat(rows).allMatch(row -> row.problem() == null);
            }
        }
    }

    @Test
    void run_timesWhatIsRight_againstItsFloor() {
        try (Device device = TestDevice.cpu(1).open()) {
            KernelBench bench = bench(device, settings("lora.*16x48x48|gelu\\.|copy", false));
            KernelBench.Outcome outcome = bench.run(name -> {});
            List<Row> rows = outcome.rows();
            assertThat(rows).extracting(Row::name).contains("copy.64x192", "gelu.64x192");
            assertThat(rows)
                    .allSatisfy(
                            row -> {
                                Spread time = row.timing().micros();
                                assertThat(time.min()).isPositive();
                                assertThat(time.median()).isBetween(time.min(), time.max());
                                assertThat(row.timing().floorRatio())
                                        .isEqualTo(time.median() / row.floor().micros());
                                if (row.cost().flop() > 0) {
                                    assertThat(row.timing().rate())
                                            .isLessThanOrEqualTo(outcome.ceiling().teraFlops());
                                }
                            });
            Row copy = row(rows, "copy.64x192");
            assertThat(copy.cost()).isEqualTo(new Cost(0, 2 * 4 * 64 * 192));
            assertThat(copy.floor().micros())
                    .isEqualTo(2 * 4 * 64 * 192 / outcome.ceiling().gigaBytes() * 1e-3);
            assertThat(copy.timing().overFirst()).as("alone in its group").isNull();
            Row plain = row(rows, "lora.plain.16x48x48");
            assertThat(plain.cost().flop()).isEqualTo(2.0 * 16 * 48 * 48);
            assertThat(plain.timing().overFirst()).as("the first of its group").isNull();
            assertThat(row(rows, "lora.fused.r16.16x48x48").cost().flop())
                    .isEqualTo(2.0 * 16 * (48 * 48 + 16 * 96));
            assertThat(LoraRow.of(rows)).extracting(LoraRow::rank).containsExactly(16, 32, 64);
        }
    }

    @Test
    void run_saysWhereADeviceIsWrong_andDoesNotTimeIt() {
        try (Device device = forgetful(TestDevice.cpu(1).open())) {
            List<Row> rows = run(device, settings("gelu\\.|copy", false));
            Row gelu = row(rows, "gelu.64x192");
            assertThat(gelu.isWrong()).isTrue();
            assertThat(gelu.timing()).isNull();
            assertThat(gelu.problem()).startsWith("WRONG: differs from float64 by ");
            assertThat(row(rows, "copy.64x192").timing()).isNotNull();
        }
    }

    @Test
    void run_goesOnWhereADeviceRefuses() {
        try (Device device = forgetful(TestDevice.cpu(1).open())) {
            List<Row> rows = run(device, settings("guided|copy", false));
            Row refused = row(rows, "guided.euler.64x16");
            assertThat(refused.problem())
                    .isEqualTo("GuidedEuler cannot run on this device: no kernel");
            assertThat(refused.isWrong()).isFalse();
            assertThat(row(rows, "copy.64x192").timing()).isNotNull();
        }
    }

    @Test
    void open_takesTheNameAtFullSizeOrAtThisScale() {
        try (Device device = TestDevice.cpu(1).open()) {
            for (String name : List.of("copy.4096x12288", "copy.64x192")) {
                try (Contender copy = Contender.open(device, name, TINY)) {
                    assertThat(copy.cost().bytes()).isEqualTo(2 * 4 * 64 * 192);
                    assertThat(copy.verify().passed()).isTrue();
                }
            }
            assertThatThrownBy(() -> Contender.open(device, "copy", TINY))
                    .isInstanceOf(RequestException.class)
                    .hasMessage("no kernel is called copy; `bench kernels --list` prints them all");
        }
    }

    private static BenchSettings settings(String only, boolean verifyOnly) {
        return new BenchSettings(
                TINY, 3, only == null ? null : Pattern.compile(only), verifyOnly, 0);
    }

    private static KernelBench bench(Device device, BenchSettings settings) {
        return new KernelBench(
                device,
                Rivals.open(o -> Devices.open("cpu", o), DeviceOptions.defaults(), Map.of()),
                settings);
    }

    private static List<Row> run(Device device, BenchSettings settings) {
        List<String> groups = new ArrayList<>();
        List<Row> rows = bench(device, settings).run(groups::add).rows();
        assertThat(groups).doesNotHaveDuplicates();
        return rows;
    }

    private static Row row(List<Row> rows, String name) {
        return rows.stream().filter(row -> row.name().equals(name)).findFirst().orElseThrow();
    }

    /** A CPU whose pointwise functions are the identity and that knows no sampler. */
    private static Device forgetful(Device device) {
        KernelTable all = device.kernels();
        return new ForwardingDevice(
                device,
                new KernelTable()
                        .with(Op.Linear.class, all::run)
                        .with(Op.Copy.class, all::run)
                        .with(Op.Unary.class, op -> all.run(new Op.Copy(op.x(), op.out()))));
    }
}
