package glance.lora;

import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Whether the tensors that a file has for one module belong together:
 *
 * <pre>
 * LoRA    DOWN [rank, in]   UP [out, rank]   perhaps UP_BIAS [out]
 * DoRA    the same with MAGNITUDE [out]
 * LoHa    HADA_W1_A [out, rank]   HADA_W1_B [rank, in]   HADA_W2_A, HADA_W2_B likewise
 * LoKr    LOKR_W1 [out1, in1] or LOKR_W1_A, LOKR_W1_B   LOKR_W2 [out2, in2] likewise
 * whole   DIFF [out, ...]   DIFF_BIAS [out]             beside any of these, or alone
 * </pre>
 *
 * A convolution's matrices are those of the product over its whole kernel, [rank, in, h, w].
 */
final class ModuleFit {
    private static final String INCOMPLETE = "the file is not complete; fetch or export it again";

    private final Map<Role, TensorInfo> parts;
    private final Problems problems;

    /** Hears what is wrong with a tensor. */
    interface Problems {
        void refuse(String key, String reason, String remedy);
    }

    ModuleFit(Map<Role, TensorInfo> parts, Problems problems) {
        this.parts = parts;
        this.problems = problems;
    }

    /** The inner dimension, 0 where there is none, -1 if the module cannot be used. */
    int rank() {
        int rank;
        int out;
        if (has(Role.DOWN) || has(Role.UP)) {
            rank = product(Role.DOWN, "down (lora_A)", Role.UP, "up (lora_B)");
            out = rank < 0 ? -1 : out(Role.UP);
        } else if (any("HADA")) {
            int first = product(Role.HADA_W1_B, "w1_b", Role.HADA_W1_A, "w1_a");
            int second = product(Role.HADA_W2_B, "w2_b", Role.HADA_W2_A, "w2_a");
            boolean same = first >= 0 && second >= 0 && sameSides();
            rank = same ? first : -1;
            out = same ? out(Role.HADA_W1_A) : -1;
        } else if (any("LOKR")) {
            int first = factor(Role.LOKR_W1, Role.LOKR_W1_A, Role.LOKR_W1_B);
            int second = factor(Role.LOKR_W2, Role.LOKR_W2_A, Role.LOKR_W2_B);
            rank = Math.min(first, second) < 0 ? -1 : Math.max(first, second);
            out =
                    rank < 0
                            ? -1
                            : out(Role.LOKR_W1, Role.LOKR_W1_A) * out(Role.LOKR_W2, Role.LOKR_W2_A);
        } else if (has(Role.DIFF)) {
            rank = isMatrix(Role.DIFF, "of the weight's shape") ? 0 : -1;
            out = rank < 0 ? -1 : out(Role.DIFF);
        } else if (has(Role.DIFF_BIAS)) {
            rank = isMatrix(Role.DIFF_BIAS, "[out]") ? 0 : -1;
            out = rank < 0 ? -1 : out(Role.DIFF_BIAS);
        } else {
            return -1; // what belongs to matrices that are not there
        }
        return rank >= 0 && vectors(out) ? rank : -1;
    }

    private boolean has(Role role) {
        return parts.containsKey(role);
    }

    private boolean any(String start) {
        return parts.keySet().stream().anyMatch(role -> role.name().startsWith(start));
    }

    private Shape matrix(Role role) {
        return Update.matrix(parts.get(role).shape());
    }

    private int out(Role... either) {
        return Stream.of(either).filter(this::has).findFirst().map(r -> matrix(r).dim(0)).orElse(0);
    }

    private boolean refuse(Role role, String reason, String remedy) {
        problems.refuse(parts.get(role).name(), reason, remedy);
        return false;
    }

    /** The inner dimension of a product, or -1. */
    private int product(Role down, String downName, Role up, String upName) {
        if (!has(up) || !has(down)) {
            Role there = has(up) ? up : down;
            if (has(there)) {
                String missing = has(up) ? downName : upName;
                refuse(there, "has no " + missing + " matrix beside it", INCOMPLETE);
            }
            return -1;
        }
        if (!isMatrix(down, "[rank, in]") || !isMatrix(up, "[out, rank]")) {
            return -1;
        }
        int rank = matrix(down).dim(0);
        if (matrix(up).dim(1) != rank) {
            refuse(
                    up,
                    "is "
                            + parts.get(up).shape()
                            + ", but "
                            + parts.get(down).name()
                            + " is "
                            + parts.get(down).shape()
                            + ", of rank "
                            + rank,
                    "the two must have one rank; fetch or export the file again");
            return -1;
        }
        return rank;
    }

    private boolean sameSides() {
        Shape first = matrix(Role.HADA_W1_B);
        Shape second = matrix(Role.HADA_W2_B);
        return matrix(Role.HADA_W1_A).dim(0) == matrix(Role.HADA_W2_A).dim(0)
                        && first.dim(1) == second.dim(1)
                || refuse(
                        Role.HADA_W2_A,
                        "and hada_w2_b make another shape than hada_w1_a and hada_w1_b",
                        INCOMPLETE);
    }

    /** The inner dimension of a factor, 0 if it is whole, or -1. */
    private int factor(Role whole, Role a, Role b) {
        if (has(whole)) {
            return isMatrix(whole, "a matrix") ? 0 : -1;
        }
        if (!has(a) && !has(b)) {
            Role other =
                    parts.keySet().stream().filter(r -> r != Role.ALPHA).findFirst().orElseThrow();
            refuse(other, "has no other factor beside it", INCOMPLETE);
            return -1;
        }
        return product(b, "w_b", a, "w_a");
    }

    private boolean isMatrix(Role role, String layout) {
        TensorInfo info = parts.get(role);
        DType dtype = info.dtype();
        if (info.shape().rank() == 0 || info.shape().numel() == 0 || isVector(role, info)) {
            return refuse(role, "must be a matrix " + layout + ", got " + info.shape(), INCOMPLETE);
        }
        return dtype.isFloating()
                || dtype == DType.F64
                || refuse(
                        role,
                        "must hold real numbers, got " + dtype,
                        "export the adapter as F32 or BF16");
    }

    private static boolean isVector(Role role, TensorInfo info) {
        return info.shape().rank() == 1 && role != Role.DIFF && role != Role.DIFF_BIAS;
    }

    /** Whether the vectors beside the matrices are of their length. */
    private boolean vectors(int out) {
        for (Role role : List.of(Role.MAGNITUDE, Role.UP_BIAS, Role.DIFF_BIAS)) {
            if (has(role)) {
                Shape shape = parts.get(role).shape();
                DType dtype = parts.get(role).dtype();
                boolean floats = dtype.isFloating() || dtype == DType.F64;
                if (!floats || shape.numel() != out || shape.dim(0) != out) {
                    return refuse(
                            role,
                            "must be " + out + " real numbers, got " + dtype + " " + shape,
                            role == Role.MAGNITUDE
                                    ? "only a DoRA of the rows of a weight is supported"
                                    : INCOMPLETE);
                }
            }
        }
        return !has(Role.MAGNITUDE)
                || has(Role.DOWN)
                || refuse(
                        Role.MAGNITUDE,
                        "is the length of rows of another kind than LoRA, which is not supported",
                        UnsupportedAdapters.REMEDY);
    }
}
