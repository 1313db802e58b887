package glance.ops.parity;

import glance.api.AdamWSettings;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.op.QuantizedBlocks;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#adamW8Bit}: the parameter after a step, and what the codes and scales of each
 * moment stand for.
 */
final class EightBitCases {
    private static final AdamWSettings SETTINGS = new AdamWSettings(0.9f, 0.999f, 1e-8f, 0.01f);
    private static final float LEARNING_RATE = 1e-2f;
    private static final float CLIP = 0.3f;
    private static final int STEP = 3;
    private static final List<String> RESULTS =
            List.of("parameter", "first moment", "second moment");

    private EightBitCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int size : new int[] {1, 113, 255, 256, 257, 512, 1000}) {
            RESULTS.forEach(result -> cases.add(adamW(result, size)));
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return RESULTS.stream().map(result -> adamW(result, 68_881));
    }

    /** Random codes at the start; a second parameter of another size goes along. */
    private static Case adamW(String result, int size) {
        return Case.of(
                "adamW8Bit [" + size + "], " + result,
                a -> {
                    Tensor changed = a.copy(a.floats(size));
                    Tensor other = a.copy(a.floats(3));
                    QuantizedBlocks first = blocks(a, size);
                    QuantizedBlocks second = blocks(a, size);
                    a.ops()
                            .training()
                            .adamW8Bit(
                                    List.of(other, changed),
                                    List.of(a.floats(3), a.floats(size)),
                                    List.of(blocks(a, 3), first),
                                    List.of(blocks(a, 3), second),
                                    CLIP,
                                    SETTINGS,
                                    LEARNING_RATE,
                                    STEP);
                    return switch (result) {
                        case "parameter" -> changed;
                        case "first moment" -> first.codes();
                        default -> second.codes();
                    };
                });
    }

    private static QuantizedBlocks blocks(Arguments a, int size) {
        return new QuantizedBlocks(
                a.copy(a.ids(DType.U8, 256, size)),
                a.copy(a.squares(QuantizedBlocks.blocks(size))));
    }
}
