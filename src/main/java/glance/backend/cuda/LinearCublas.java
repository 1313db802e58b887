package glance.backend.cuda;

import glance.backend.MathLibrary;
import glance.backend.cuda.driver.Gemm;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * A linear product by a library: unfused, as engines do that have no kernels of their own. With an
 * adapter {@code S = scale x A^T}, {@code y = x W^T}, {@code y += S B^T}; then one pass for bias,
 * activation, gate and residual. Intermediate results are rounded to the compute type.
 */
final class LinearCublas implements Variant<Op.Linear> {
    private final Launcher launcher;

    LinearCublas(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return MathLibrary.CUBLAS.variant();
    }

    @Override
    public String refuses(Op.Linear op) {
        if (launcher.libraries().gemm() == null) {
            return "cuBLAS is not loaded";
        }
        return DTypeCode.isReadable(op.weight().dtype())
                ? null
                : "weights of dtype " + op.weight().dtype();
    }

    /** Scratch: what is not in the compute type, converted, and S. */
    @Override
    public long workspaceBytes(Op.Linear op) {
        DType computeType = launcher.computeType();
        long bytes = convertedBytes(computeType, op.weight());
        Shares shares = Shares.of(op);
        for (LowRank lora : shares.of()) {
            if (lora == null) {
                continue;
            }
            long rows = shares.rows();
            bytes += rows * lora.rank() * computeType.bytes();
            bytes += lora.scales() == null ? 0 : rows * lora.rank() * Float.BYTES;
            bytes += convertedBytes(computeType, lora.a()) + convertedBytes(computeType, lora.b());
        }
        return bytes;
    }

    private static long convertedBytes(DType computeType, Tensor x) {
        return x.dtype() == computeType ? 0 : x.numel() * computeType.bytes();
    }

    @Override
    public void run(Op.Linear op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            Tensor out = op.out();
            product(1, x, operands.activation(op.weight()), 0, out);
            int samples = x.dim(0) / Math.max(1, op.loras().size());
            for (int share = 0; share < op.loras().size(); share++) {
                LowRank lora = op.loras().get(share);
                if (lora != null) {
                    int first = share * samples;
                    Tensor low = low(operands, x.narrow(0, first, samples), lora);
                    Tensor up = operands.activation(lora.b());
                    product(1, low, up, 1, out.narrow(0, first, samples));
                }
            }
            LibraryEpilogue.run(launcher, operands, out, op.bias(), op.epilogue(), x.dim(1));
        }
    }

    /** S; where it has a scale for each column by our kernel, as a library's product has one. */
    private Tensor low(Operands operands, Tensor x, LowRank lora) {
        Shape shape = Shape.of(x.dim(0), x.dim(1), lora.rank());
        if (lora.scales() != null) {
            Shares alone = Shares.of(lora, x.dim(0) * x.dim(1));
            Tensor made = LinearPlain.lowRank(launcher, operands, x, alone);
            return operands.activation(made).reshape(shape.dims());
        }
        Tensor low = operands.scratch(launcher.computeType(), shape);
        product(lora.scale(), x, operands.activation(lora.a()), 0, low);
        return low;
    }

    /**
     * {@code y = alpha x w^T + beta y}; x [batch, seqLen, depth] rows, w [columns, depth], y
     * [batch, seqLen, columns].
     *
     * <p>BLAS reads a row-major matrix as its transpose, so this is {@code y^T = w x^T} there: w is
     * seen as [depth, columns] and transposed, x as [depth, rows] as it has to be.
     */
    private void product(float alpha, Tensor x, Tensor w, float beta, Tensor y) {
        Samples samples = Samples.of(x);
        int rows = samples.rows();
        int depth = x.dim(2);
        int columns = w.dim(0);
        for (int call = 0; call < samples.count(); call++) {
            long from = Launcher.address(x) + call * samples.stride() * x.dtype().bytes();
            long to = Launcher.address(y) + (long) call * rows * columns * y.dtype().bytes();
            Gemm.Product product =
                    new Gemm.Product(
                            launcher.computeType(),
                            columns,
                            rows,
                            depth,
                            alpha,
                            new Gemm.Matrix(Launcher.address(w), depth, true),
                            new Gemm.Matrix(from, Math.toIntExact(samples.rowStride()), false),
                            beta,
                            to,
                            columns);
            launcher.libraries().gemm().multiply(product);
            launcher.launched(product);
        }
    }
}
