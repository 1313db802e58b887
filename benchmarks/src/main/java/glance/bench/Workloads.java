package glance.bench;

import static glance.cases.LinearCase.Part.BIAS;

import glance.cases.AttentionCase;
import glance.cases.Case;
import glance.cases.HeadNormRopeCase;
import glance.cases.LinearCase;
import glance.op.Rope;
import glance.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Qwen-Image's widths scaled to a CPU, and the rows of the report. */
final class Workloads {
    static final int NUM_HEADS = 6;
    static final int HEAD_DIM = 128;
    static final int HIDDEN_DIM = NUM_HEADS * HEAD_DIM;
    static final int TEXT_LEN = 64;
    static final int IMAGE_LEN = 1024;

    private static final int RANK = 32;

    /** Of Qwen-Image and FLUX.1: 3,072 to 12,288. */
    private static final int FEED_FORWARD = 12_288;

    private static final float EPS = 1e-6f;

    private Workloads() {}

    /**
     * The workload of a row.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Workload open(String key, int shrink) {
        Row row = all(shrink).get(key);
        if (row == null) {
            throw new IllegalArgumentException(
                    "no workload is called " + key + "; there are " + all(shrink).keySet());
        }
        return new Workload(row);
    }

    /**
     * A row of the report.
     *
     * @param halfPeer whether PyTorch multiplies in bf16
     */
    record Row(Case of, boolean halfPeer) {}

    /**
     * Every row of the report by its short name.
     *
     * @param shrink divides the number of tokens, for a trial run
     */
    static Map<String, Row> all(int shrink) {
        Map<String, Row> rows = new LinkedHashMap<>();
        floats(shrink).forEach((key, of) -> rows.put(key, new Row(of, false)));
        // weights as files have them; PyTorch has no product on blocks
        for (int tokens : List.of(1, 8, 64, 256)) {
            for (DType dtype : List.of(DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K)) {
                String name = dtype.name().toLowerCase(Locale.ROOT).replace("_", "");
                Case of =
                        toCase(
                                new LinearCase(
                                        dtype, 1, tokens, 4 * HIDDEN_DIM, FEED_FORWARD, BIAS));
                rows.put("small-" + tokens + "-" + name, new Row(of, dtype == DType.BF16));
            }
        }
        return rows;
    }

    private static Map<String, Case> floats(int shrink) {
        int image = IMAGE_LEN / shrink;
        int joint = image + TEXT_LEN;
        int wide = 4 * HIDDEN_DIM;
        Map<String, Case> rows = new LinkedHashMap<>();
        linear(rows, joint, HIDDEN_DIM, HIDDEN_DIM);
        linear(rows, image, HIDDEN_DIM, wide);
        linear(rows, image, wide, HIDDEN_DIM);
        linear(rows, 4096 / shrink, wide, wide);
        rows.put(
                "attention",
                Case.of(
                        "attention %d tokens, %d heads of %d".formatted(joint, NUM_HEADS, HEAD_DIM),
                        AttentionCase.self(1, joint, NUM_HEADS, HEAD_DIM)::forward));
        rows.put(
                "norm-modulate",
                Case.of(
                        "layer norm + modulate [%d, %d]".formatted(image, HIDDEN_DIM),
                        a ->
                                a.ops()
                                        .layerNormModulate(
                                                a.activation(1, image, HIDDEN_DIM),
                                                a.activation(1, HIDDEN_DIM),
                                                a.activation(1, HIDDEN_DIM),
                                                EPS)));
        rows.put(
                "head-norm-rope",
                Case.of(
                        "head RMS norm + rope %d + %d tokens, %d heads of %d"
                                .formatted(TEXT_LEN, image, NUM_HEADS, HEAD_DIM),
                        new HeadNormRopeCase(
                                        1,
                                        List.of(TEXT_LEN, image),
                                        NUM_HEADS,
                                        HEAD_DIM,
                                        List.of(true, true),
                                        Rope.Pairing.INTERLEAVED,
                                        false)
                                ::forward));
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            rows.put(
                    "block-" + dtype.name().toLowerCase(Locale.ROOT),
                    Case.of(
                            "block %d + %d tokens, hidden %d, %s weights"
                                    .formatted(TEXT_LEN, image, HIDDEN_DIM, dtype),
                            new Block(TEXT_LEN, image, NUM_HEADS, HEAD_DIM, dtype)::forward));
        }
        return rows;
    }

    /** A product with a bias in two dtypes, and with an adapter. */
    private static void linear(Map<String, Case> rows, int tokens, int in, int out) {
        String shape = tokens + "x" + in + "x" + out;
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            rows.put(
                    "gemm-" + shape + "-" + dtype.name().toLowerCase(Locale.ROOT),
                    toCase(new LinearCase(dtype, 1, tokens, in, out, BIAS)));
        }
        LinearCase plain = new LinearCase(DType.F32, 1, tokens, in, out, BIAS);
        rows.put("adapter-" + shape, toCase(plain.withLora(RANK, DType.F32)));
    }

    private static Case toCase(LinearCase linear) {
        return Case.of(
                "linear [%d, %d] x [%d, %d]^T, %s weight%s"
                        .formatted(
                                linear.seqLen(),
                                linear.in(),
                                linear.out(),
                                linear.in(),
                                linear.weight(),
                                linear.ranks().isEmpty()
                                        ? ""
                                        : ", adapter r" + linear.ranks().get(0)),
                linear::forward);
    }
}
