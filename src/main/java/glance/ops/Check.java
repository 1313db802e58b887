package glance.ops;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/** Argument checks whose messages name the operation, the argument, what was expected and got. */
final class Check {
    private Check() {}

    /** None of these may be null: the name of an argument and its value, in turns. */
    static void given(String op, Object... namesAndValues) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            that(namesAndValues[i + 1] != null, op, namesAndValues[i] + " must not be null");
        }
    }

    /** Neither the list nor an element of it may be null. */
    static void allGiven(String op, String argument, List<?> list) {
        given(op, argument, list);
        for (int i = 0; i < list.size(); i++) {
            given(op, argument + "[" + i + "]", list.get(i));
        }
    }

    static void shape(String op, String argument, Tensor got, Shape want, String why) {
        given(op, argument, got);
        if (!got.shape().equals(want)) {
            throw new IllegalArgumentException(
                    op + ": " + argument + " must be " + want + " " + why + ", got " + got.shape());
        }
    }

    /** A parameter: a tensor that is read as it lies, since it may have a dtype nothing copies. */
    static void parameter(String op, String argument, Tensor got, Shape want, String why) {
        shape(op, argument, got, want, why);
        packed(op, argument, got);
    }

    static void packed(String op, String argument, Tensor got) {
        given(op, argument, got);
        that(got.isContiguous(), op, argument + " must be contiguous, got a strided view");
    }

    static void that(boolean condition, String op, String message) {
        if (!condition) {
            throw new IllegalArgumentException(op + ": " + message);
        }
    }

    static void rank(String op, String argument, Tensor got, int rank, String layout) {
        given(op, argument, got);
        that(got.rank() == rank, op, argument + " must be " + layout + ", got " + got.shape());
    }

    static void dtype(String op, String argument, Tensor got, DType want) {
        given(op, argument, got);
        that(got.dtype() == want, op, argument + " must be " + want + ", got " + got.dtype());
    }

    static void rows(String op, String argument, Tensor got) {
        given(op, argument, got);
        that(got.rank() >= 1, op, argument + " must have at least one dimension, got a scalar");
        boolean packed = got.numel() == 0 || got.dim(-1) == 1 || got.stride(-1) == 1;
        that(packed, op, argument + " must be packed in its last dimension; copy it first");
    }

    /** A per-sample vector [batch or 1, dim]. */
    static void perSample(String op, String argument, Tensor got, int batch, int dim) {
        given(op, argument, got);
        boolean fits =
                got.rank() == 2 && got.dim(1) == dim && (got.dim(0) == 1 || got.dim(0) == batch);
        that(
                fits,
                op,
                argument
                        + " must be ["
                        + batch
                        + " or 1, "
                        + dim
                        + "] to match x, got "
                        + got.shape());
        rows(op, argument, got);
    }
}
