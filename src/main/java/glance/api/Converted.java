package glance.api;

import java.util.List;

/**
 * What became of a part of a model.
 *
 * @param what it is, in words, or the name of the part
 * @param tensors in the order in which they were written, all that hold numbers
 * @param bytesBefore size of all tensors in the source
 * @param bytes size of all tensors now
 * @param seconds that it took
 */
public record Converted(
        String what, List<Tensor> tensors, long bytesBefore, long bytes, double seconds) {
    public Converted {
        tensors = List.copyOf(tensors);
    }

    /**
     * What storing a tensor cost. Squares of Frobenius norms, so that those of several can be
     * added.
     *
     * @param name in the result
     * @param type it is stored in
     * @param fallback whether its rows fit no blocks of the type that was asked for
     * @param elements how many numbers
     * @param weight square of its norm
     * @param lost square of what rounding took
     */
    public record Tensor(
            String name, String type, boolean fallback, long elements, double weight, double lost) {
        /** The norm of what rounding took over that of the tensor; 0 where nothing was lost. */
        public double error() {
            return lost == 0 ? 0 : Math.sqrt(lost / weight);
        }
    }

    /** The error of all tensors together. */
    public double error() {
        double lost = tensors.stream().mapToDouble(Tensor::lost).sum();
        double weight = tensors.stream().mapToDouble(Tensor::weight).sum();
        return lost == 0 ? 0 : Math.sqrt(lost / weight);
    }

    /** Size of a number in bits, on average, scales included. */
    public double bitsPerWeight() {
        return (double) Byte.SIZE * bytes / tensors.stream().mapToLong(Tensor::elements).sum();
    }
}
