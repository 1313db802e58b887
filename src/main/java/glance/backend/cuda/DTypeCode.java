package glance.backend.cuda;

import glance.tensor.DType;
import java.util.Locale;

/** Numbers of dtypes as kernels are told them; kernels/include/dtypes.cuh has the same. */
final class DTypeCode {
    private DTypeCode() {}

    /** Whether weights of a dtype can be read, if need be after they were expanded. */
    static boolean isReadable(DType dtype) {
        return Expand.takes(dtype) || of(dtype) >= 0;
    }

    /** How names of kernels call a dtype of weights. */
    static String shortName(DType dtype) {
        return dtype.name().toLowerCase(Locale.ROOT).replace("f8_", "");
    }

    /** The number of a dtype, or -1 if kernels cannot read it as a number. */
    static int of(DType dtype) {
        return switch (dtype) {
            case F32 -> 0;
            case BF16 -> 1;
            case F16 -> 2;
            case F8_E4M3 -> 3;
            case F8_E5M2 -> 4;
            default -> -1;
        };
    }
}
