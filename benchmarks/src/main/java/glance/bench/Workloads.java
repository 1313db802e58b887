package glance.bench;

import glance.tensor.DType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Qwen-Image's widths scaled to a CPU, and the rows of the report. */
final class Workloads {
    static final int NUM_HEADS = 6;
    static final int HEAD_DIM = 128;
    static final int HIDDEN_DIM = NUM_HEADS * HEAD_DIM;
    static final int MLP_DIM = 4 * HIDDEN_DIM;
    static final int TEXT_LEN = 64;
    static final int IMAGE_LEN = 1024;
    static final int JOINT_LEN = TEXT_LEN + IMAGE_LEN;

    private static final int RANK = 32;

    private Workloads() {}

    /** A product; {@code shape} is rows x in x out. */
    static Workload linear(String shape, DType weights, int rank) {
        String[] sizes = shape.split("x");
        return new LinearWorkload(
                Integer.parseInt(sizes[0]),
                Integer.parseInt(sizes[1]),
                Integer.parseInt(sizes[2]),
                weights,
                rank);
    }

    /**
     * Every row of the report by its short name.
     *
     * @param shrink divides the number of tokens, for a trial run
     */
    static Map<String, Supplier<Workload>> all(int shrink) {
        int image = IMAGE_LEN / shrink;
        int joint = image + TEXT_LEN;
        int wide = 4 * HIDDEN_DIM;
        Map<String, Supplier<Workload>> rows = new LinkedHashMap<>();
        int[][] shapes = {
            {joint, HIDDEN_DIM, HIDDEN_DIM},
            {image, HIDDEN_DIM, MLP_DIM},
            {image, MLP_DIM, HIDDEN_DIM},
            {4096 / shrink, wide, wide}
        };
        for (int[] s : shapes) {
            String name = s[0] + "x" + s[1] + "x" + s[2];
            for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
                rows.put(
                        "gemm-" + name + "-" + dtype.name().toLowerCase(),
                        () -> linear(name, dtype, 0));
            }
            rows.put("adapter-" + name, () -> linear(name, DType.F32, RANK));
        }
        rows.put("attention", () -> new AttentionWorkload(joint, NUM_HEADS, HEAD_DIM));
        rows.put("norm-modulate", () -> new NormModulateWorkload(image, HIDDEN_DIM));
        rows.put(
                "head-norm-rope",
                () -> new HeadNormRopeWorkload(TEXT_LEN, image, NUM_HEADS, HEAD_DIM));
        for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
            rows.put(
                    "block-" + dtype.name().toLowerCase(),
                    () -> new BlockWorkload(TEXT_LEN, image, NUM_HEADS, HEAD_DIM, dtype));
        }
        return rows;
    }
}
