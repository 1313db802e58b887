package glance.io;

import glance.tensor.DType;
import java.util.Map;
import java.util.stream.Collectors;

/** Numbers of tensor types in GGUF files. */
final class GgufType {
    private static final Map<Integer, DType> READ =
            Map.ofEntries(
                    Map.entry(0, DType.F32),
                    Map.entry(1, DType.F16),
                    Map.entry(2, DType.Q4_0),
                    Map.entry(3, DType.Q4_1),
                    Map.entry(6, DType.Q5_0),
                    Map.entry(7, DType.Q5_1),
                    Map.entry(8, DType.Q8_0),
                    Map.entry(10, DType.Q2_K),
                    Map.entry(11, DType.Q3_K),
                    Map.entry(12, DType.Q4_K),
                    Map.entry(13, DType.Q5_K),
                    Map.entry(14, DType.Q6_K),
                    Map.entry(20, DType.IQ4_NL),
                    Map.entry(23, DType.IQ4_XS),
                    Map.entry(30, DType.BF16));

    /** All of them, by their number. */
    private static final String[] NAMES =
            ("F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K"
                            + " IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ2_S IQ4_XS I8 I16 I32"
                            + " I64 F64 IQ1_M BF16 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0"
                            + " IQ4_NL_4_4 IQ4_NL_4_8 IQ4_NL_8_8 MXFP4 NVFP4")
                    .split(" ");

    private GgufType() {}

    /** The type of a number, or null if the engine does not read it. */
    static DType of(int number) {
        return READ.get(number);
    }

    /**
     * The number of a type.
     *
     * @throws IllegalArgumentException if there is none
     */
    static int number(DType dtype) {
        return READ.entrySet().stream()
                .filter(entry -> entry.getValue() == dtype)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("GGUF has no " + dtype));
    }

    /** The name of a type, for messages. */
    static String name(int number) {
        return number >= 0 && number < NAMES.length
                ? NAMES[number]
                : "number " + Integer.toUnsignedString(number);
    }

    /** The types that are read, for messages. */
    static String known() {
        return READ.values().stream().sorted().map(DType::name).collect(Collectors.joining(", "));
    }
}
