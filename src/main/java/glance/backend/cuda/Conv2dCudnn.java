package glance.backend.cuda;

import glance.backend.MathLibrary;
import glance.backend.cuda.driver.Convolution;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** A convolution by cuDNN, then bias and residual in one pass. */
final class Conv2dCudnn implements Variant<Op.Conv2d> {
    private final Launcher launcher;

    Conv2dCudnn(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return MathLibrary.CUDNN.variant();
    }

    @Override
    public String refuses(Op.Conv2d op) {
        if (library() == null) {
            return "cuDNN is not loaded";
        }
        if (DTypeCode.of(op.weight().dtype()) < 0) {
            return "weights of dtype " + op.weight().dtype();
        }
        Op.Padding padding = op.padding();
        boolean even = padding.top() == padding.bottom() && padding.left() == padding.right();
        return even ? null : "padding that differs on opposite sides";
    }

    /** Scratch: the library's, and the weight in the compute type. */
    @Override
    public long workspaceBytes(Op.Conv2d op) {
        DType computeType = launcher.computeType();
        Tensor weight = op.weight();
        long converted = weight.dtype() == computeType ? 0 : weight.numel() * computeType.bytes();
        return converted + library().workspaceBytes(geometry(op));
    }

    @Override
    public void run(Op.Conv2d op) {
        try (Operands operands = launcher.operands()) {
            convolve(operands, op, operands.activation(op.x()));
        }
    }

    private void convolve(Operands operands, Op.Conv2d op, Tensor x) {
        Tensor out = op.out();
        Convolution.Geometry geometry = geometry(op);
        if (geometry.outHeight() != out.dim(1) || geometry.outWidth() != out.dim(2)) {
            throw new IllegalStateException(geometry + " does not give " + out);
        }
        long words = (library().workspaceBytes(geometry) + Float.BYTES - 1) / Float.BYTES;
        Tensor workspace = operands.scratch(DType.F32, Shape.of(Math.toIntExact(words)));
        library()
                .convolve(
                        geometry,
                        Launcher.address(x),
                        Launcher.address(operands.activation(op.weight())),
                        Launcher.address(out),
                        Launcher.address(workspace));
        launcher.launched(geometry);
        LibraryEpilogue.run(launcher, operands, out, op.bias(), op.residual());
    }

    private Convolution library() {
        return launcher.libraries().convolution();
    }

    private Convolution.Geometry geometry(Op.Conv2d op) {
        Tensor x = op.x();
        Tensor weight = op.weight();
        return new Convolution.Geometry(
                launcher.computeType(),
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                weight.dim(0),
                weight.dim(1),
                weight.dim(2),
                op.stride(),
                op.padding().top(),
                op.padding().left());
    }
}
