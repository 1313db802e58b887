package glance.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.cuda.PlantedVariants;
import glance.backend.cuda.driver.EmulatedDriver;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A race of variants of one operation, with one that was planted, on the emulated GPU. */
class VariantRaceTest {
    private static final DeviceOptions F32 = new DeviceOptions(0, Precision.F32);
    private static final String CASES = "linear.plain.65x|lora.fused.r16.16x48x48|copy";

    @BeforeEach
    void emulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    private static List<Row> race(
            Function<DeviceOptions, Device> open, boolean verifyOnly, String... variants) {
        BenchSettings settings =
                new BenchSettings(new Scale(64), 1, Pattern.compile(CASES), verifyOnly, 1);
        Map<String, List<String>> named = Map.of("linear", List.of(variants));
        try (Device device = open.apply(F32);
                Rivals rivals = Rivals.open(open, F32, named)) {
            return new KernelBench(device, rivals, settings).run(group -> {}).rows();
        }
    }

    private static Row row(List<Row> rows, String name) {
        return rows.stream().filter(row -> row.name().startsWith(name)).findFirst().orElseThrow();
    }

    @Test
    void plantedVariant_racesTheOthersAndTheLibrary() {
        List<Row> rows = race(PlantedVariants::withATwin, false, "plain", "twin");
        Row fused = row(rows, "lora.fused");
        assertThat(fused.variant()).isEqualTo("plain");
        assertThat(fused.timing()).isNotNull();
        assertThat(fused.rivals()).extracting(Row.Rival::variant).containsExactly("twin", "cublas");
        assertThat(fused.rivals())
                .allMatch(rival -> rival.accuracy().passed())
                .allMatch(rival -> rival.micros() != null);
        assertThat(row(rows, "copy").rivals()).isEmpty();
    }

    /** Its file has the entry points of linear.cu, and another body. */
    @Test
    void wrongVariant_isFoundOutAndNotTimed() {
        List<Row> rows = race(PlantedVariants::withAWrongCopy, false, "plain", "wrong");
        Row fused = row(rows, "lora.fused");
        Row.Rival wrong = fused.rivals().get(0);
        assertThat(wrong.accuracy().passed()).isFalse();
        assertThat(wrong.micros()).isNull();
        assertThat(wrong.problem()).startsWith("WRONG: differs from float64 by ");
        assertThat(fused.isWrong()).isTrue();
        assertThat(fused.accuracy().passed()).as("the code of linear.cu").isTrue();
    }

    @Test
    void variantThatDoesNotTakeACase_saysSo() {
        List<Row> rows = race(PlantedVariants::withATwin, true, "plain", "rows");
        Row.Rival few = row(rows, "lora.fused").rivals().get(0);
        assertThat(few.problem()).isEqualTo("does not take these arguments");
    }

    @Test
    void unknownVariant_isRefused() {
        assertThatThrownBy(() -> race(PlantedVariants::withATwin, true, "other"))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "linear has no variant 'other'; it has few, rows, narrow_wgmma, narrow,"
                                + " blocks, wgmma, mma, plain, wgmma_single, w8a8, cublas, twin");
    }

    @Test
    void report_hasAColumnForEachRival() {
        List<Row> rows = race(PlantedVariants::withATwin, true, "plain", "twin");
        Report report =
                Report.of(
                        "today",
                        "bench",
                        "1",
                        new glance.api.DeviceInfo("cuda", "", 1, null),
                        glance.tensor.DType.F32,
                        new BenchSettings(new Scale(64), 1, null, true, 0),
                        null,
                        null,
                        rows);
        TextTable table = ReportTables.of(report).get(0);
        assertThat(table.rows())
                .filteredOn(cells -> cells.get(0).startsWith("lora.fused"))
                .extracting(cells -> cells.get(1))
                .containsExactly("plain", "twin", "cublas");
    }
}
