package glance.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.DeviceInfo;
import glance.cases.Accuracy;
import glance.cases.Cost;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Figures that nobody measured, and what a report makes of them. */
class ReportTest {
    private static final Ceiling CEILING = new Ceiling(500, "cuBLAS", 4000, true);

    @TempDir private Path folder;

    @Test
    void spread_isTheMedianWithItsExtremes() {
        assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3));
        assertThat(Spread.of(4, 1, 2, 3)).isEqualTo(new Spread(2.5, 1, 4));
    }

    @Test
    void floor_isTheGreaterOfArithmeticAndMemory() {
        assertThat(CEILING.floor(new Cost(1e9, 4e6))).isEqualTo(new Floor(2, "arithmetic"));
        assertThat(CEILING.floor(new Cost(1e9, 4e7))).isEqualTo(new Floor(10, "memory"));
    }

    @Test
    void timing_comparesRoundByRound() {
        Race.Result plain = new Race.Result(new double[] {10, 20}, 1);
        Race.Result fused = new Race.Result(new double[] {11, 22}, 1);
        Cost cost = new Cost(1e9, 4e6);
        Timing timing = Timing.of(cost, CEILING.floor(cost), fused, plain);
        assertThat(timing.overFirst().median()).isCloseTo(0.1, within(1e-12));
        assertThat(timing.overFirst().max()).isCloseTo(0.1, within(1e-12));
        assertThat(timing.micros().median()).isEqualTo(16.5);
        assertThat(timing.floorRatio()).isEqualTo(8.25);
        assertThat(timing.rate()).isCloseTo(1e9 / 16.5e-6 * 1e-12, within(1e-9));
        assertThat(timing.unit()).isEqualTo("TFLOP/s");
    }

    @Test
    void bars_areJudgedAtFullSizeOnly() {
        List<Row> rows =
                List.of(
                        row("attention.forward.1x4160x24x128", new Cost(549e6, 1), 1),
                        row("gelu.4096x12288", new Cost(0, 3.3e6), 1),
                        row("linear.plain.4160x3072x12288", new Cost(1e6, 1), 1),
                        row("linear.q4_0.4160x3072x12288", new Cost(1e6, 1), 2),
                        row("linear.q4_0.8x3072x12288", new Cost(1e6, 1), 2));
        assertThat(report(rows, 1, null).bars())
                .containsExactly(
                        new Bar(
                                "attention.forward.1x4160x24x128",
                                "at least 550 TFLOP/s",
                                "549 TFLOP/s",
                                false),
                        new Bar(
                                "linear.plain.4160x3072x12288",
                                "at least 90 % of PyTorch's speed",
                                null,
                                false),
                        new Bar(
                                "linear.q4_0.4160x3072x12288",
                                "at least 95 % of the speed of BF16 weights",
                                "50.0 %",
                                false),
                        new Bar(
                                "gelu.4096x12288",
                                "at least 80 % of the copy rate",
                                "82.5 %",
                                true));
        assertThat(report(rows, 2, null).bars()).isEmpty();
    }

    @Test
    void peer_standsBesideTheRowsOfTheSameName() throws IOException {
        Path file = folder.resolve("torch.json");
        Files.writeString(
                file,
                """
                {"framework": "PyTorch 9", "device": "GPU", "rows": [
                  {"name": "linear.plain.4160x3072x12288", "problem": null,
                   "timing": {"micros": {"median": 0.95, "min": 0.5, "max": 1}}},
                  {"name": "other", "timing": null, "problem": "out of memory"}]}
                """);
        Row product = row("linear.plain.4160x3072x12288", new Cost(1e6, 1), 1);
        Report report = report(List.of(product), 1, Peer.read(file));
        assertThat(report.rows().get(0).peerMicros()).isEqualTo(new Spread(0.95, 0.5, 1));
        assertThat(report.bars().get(0).met()).as("95 % of the peer's speed").isTrue();
        String page = MarkdownReport.of(report, Map.of("cuDNN", "not found"));
        assertThat(page)
                .contains("| Peer | PyTorch 9 on GPU |")
                .contains("| cuDNN | not measured: not found |")
                .contains("| peer us |")
                .contains("| Command | `glance-engine bench kernels` |")
                .contains("| Date | today |")
                .contains("| JDK | ");
    }

    @Test
    void peer_ofAnotherKind_isRefused() throws IOException {
        Path file = folder.resolve("other.json");
        Files.writeString(file, "{\"rows\": 1}");
        assertThatThrownBy(() -> Peer.read(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        file
                                + ": expected the fields framework and rows; make the file with"
                                + " benchmarks/peers/torch_kernels.py --json FILE");
    }

    @Test
    void json_hasEveryFigure() throws IOException {
        Row product = row("linear.plain.4160x3072x12288", new Cost(1e6, 1), 1);
        JsonNode json = new ObjectMapper().readTree(report(List.of(product), 1, null).json());
        assertThat(json.get("ceiling").get("teraFlops").asDouble()).isEqualTo(500);
        assertThat(json.get("computeType").asText()).isEqualTo("BF16");
        JsonNode row = json.get("rows").get(0);
        assertThat(row.get("timing").get("micros").get("median").asDouble()).isEqualTo(1);
        assertThat(row.get("timing").get("rate").asDouble()).isEqualTo(1);
        assertThat(row.get("accuracy").get("error").asDouble()).isEqualTo(0.001);
    }

    private static Report report(List<Row> rows, int shrink, Peer peer) {
        return Report.of(
                "today",
                "glance-engine bench kernels",
                "1",
                new DeviceInfo("cuda:0", "a GPU", 1, null),
                DType.BF16,
                new BenchSettings(new Scale(shrink), 1, null, false, 0),
                CEILING,
                peer,
                rows);
    }

    private static Row row(String name, Cost cost, double micros) {
        Floor floor = CEILING.floor(cost);
        Timing timing = Timing.of(cost, floor, new Race.Result(new double[] {micros}, 0.1), null);
        Accuracy accuracy = new Accuracy(0.001, 0.01, "element 0");
        return new Row(name, name, null, cost, floor, accuracy, timing, List.of(), null, null);
    }

    private static org.assertj.core.data.Offset<Double> within(double offset) {
        return org.assertj.core.data.Offset.offset(offset);
    }
}
