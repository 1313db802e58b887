package glance.roofline;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A goal for a GPU of the H200 class at full size.
 *
 * @param kernel row that it is about
 * @param wanted in words
 * @param measured in the same unit; null if it was not
 * @param met whether it was reached; false if it was not measured
 */
public record Bar(String kernel, String wanted, String measured, boolean met) {
    private static final String ATTENTION = "attention.forward.1x4160x24x128";
    private static final double ATTENTION_TERAFLOPS = 550;
    private static final String PRODUCT = "linear.plain.4160x3072x12288";
    private static final double SHARE_OF_PEER = 0.9;
    private static final Pattern STORED =
            Pattern.compile("linear\\.(f8_e4m3|i8|q8_0|q4_0|q4_k)\\.4160x3072x12288");
    private static final double SHARE_OF_PRODUCT = 0.95;
    private static final String ADAPTER = "lora.fused.r32.4096x3072x12288";
    private static final double ADAPTER_SHARE = 0.03;
    private static final List<String> PASSES =
            List.of("headnorm.rope", "layernorm", "channelnorm", "gate", "gelu", "silu");
    private static final double SHARE_OF_COPY = 0.8;

    /** All goals; a row that was not measured has not reached its own. */
    static List<Bar> of(List<Row> rows) {
        List<Bar> bars = new ArrayList<>();
        named(rows, ATTENTION).map(Bar::attention).forEach(bars::add);
        named(rows, PRODUCT).map(Bar::product).forEach(bars::add);
        rows.stream()
                .filter(row -> STORED.matcher(row.name()).matches())
                .map(row -> stored(row, named(rows, PRODUCT).findFirst()))
                .forEach(bars::add);
        named(rows, ADAPTER).map(Bar::adapter).forEach(bars::add);
        rows.stream()
                .filter(row -> PASSES.stream().anyMatch(name -> row.name().startsWith(name + ".")))
                .map(Bar::pass)
                .forEach(bars::add);
        return bars;
    }

    private static Stream<Row> named(List<Row> rows, String name) {
        return rows.stream().filter(row -> row.name().equals(name));
    }

    private static Bar attention(Row row) {
        String wanted = "at least 550 TFLOP/s";
        if (row.timing() == null) {
            return new Bar(row.name(), wanted, null, false);
        }
        double rate = row.timing().rate();
        return new Bar(
                row.name(),
                wanted,
                String.format(Locale.ROOT, "%.0f TFLOP/s", rate),
                rate >= ATTENTION_TERAFLOPS);
    }

    private static Bar product(Row row) {
        String wanted = "at least 90 % of PyTorch's speed";
        if (row.timing() == null || row.peerMicros() == null) {
            return new Bar(row.name(), wanted, null, false);
        }
        double share = row.peerMicros().median() / row.timing().micros().median();
        return new Bar(row.name(), wanted, percent(share), share >= SHARE_OF_PEER);
    }

    private static Bar stored(Row row, Optional<Row> product) {
        String wanted = "at least 95 % of the speed of BF16 weights";
        Timing plain = product.map(Row::timing).orElse(null);
        if (row.timing() == null || plain == null) {
            return new Bar(row.name(), wanted, null, false);
        }
        double share = plain.micros().median() / row.timing().micros().median();
        return new Bar(row.name(), wanted, percent(share), share >= SHARE_OF_PRODUCT);
    }

    private static Bar adapter(Row row) {
        String wanted = "at most 3 % over the plain product";
        if (row.timing() == null || row.timing().overFirst() == null) {
            return new Bar(row.name(), wanted, null, false);
        }
        double share = row.timing().overFirst().median();
        return new Bar(row.name(), wanted, percent(share), share <= ADAPTER_SHARE);
    }

    private static Bar pass(Row row) {
        String wanted = "at least 80 % of the copy rate";
        if (row.timing() == null) {
            return new Bar(row.name(), wanted, null, false);
        }
        double share = 1 / row.timing().floorRatio();
        return new Bar(row.name(), wanted, percent(share), share >= SHARE_OF_COPY);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
