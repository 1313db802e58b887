package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the arguments of an operation into the form that kernels take, and lends scratch. Kernels
 * read activations in the compute type and parameters (vectors) in F32; the rare argument that is
 * something else is converted first, and so are quantised weights. Scratch goes back to the pool on
 * closing: the stream keeps the order.
 */
final class Operands implements AutoCloseable {
    private final Launcher launcher;
    private final CudaMemory memory;
    private final List<Tensor> lent = new ArrayList<>();

    Operands(Launcher launcher, CudaMemory memory) {
        this.launcher = launcher;
        this.memory = memory;
    }

    /** An activation in the compute type, with its own strides; null stays null. */
    Tensor activation(Tensor x) {
        return as(launcher.computeType(), x);
    }

    /** A parameter in F32; null stays null. */
    Tensor parameter(Tensor x) {
        return as(DType.F32, x);
    }

    /** A weight as kernels read it: quantised ones are expanded into the compute type. */
    Tensor weight(Tensor x) {
        return Expand.takes(x.dtype()) ? activation(x) : x;
    }

    /** Scratch that {@link #weight} takes. */
    static long weightBytes(DType computeType, Tensor x) {
        return Expand.takes(x.dtype()) ? computeType.bytes(x.numel()) : 0;
    }

    /** Adds what follows a product: bias, activation, gate and its distance, residual. */
    Arguments epilogue(Arguments arguments, Tensor bias, Epilogue epilogue) {
        Tensor gate = activation(epilogue.gate());
        return arguments
                .pointer(Launcher.address(parameter(bias)))
                .i32(epilogue.activation().ordinal())
                .pointer(Launcher.address(gate))
                .i64(Launcher.sampleStride(gate))
                .pointer(Launcher.address(activation(epilogue.residual())));
    }

    private Tensor as(DType dtype, Tensor x) {
        if (x == null || x.dtype() == dtype) {
            return x;
        }
        Tensor converted = scratch(dtype, x.shape());
        CopyKernel.run(launcher, new Op.Copy(x, converted));
        return converted;
    }

    /** A tensor with undefined content. */
    Tensor scratch(DType dtype, Shape shape) {
        Tensor tensor = Tensor.contiguous(memory.allocate(dtype, shape.numel()), dtype, shape);
        lent.add(tensor);
        return tensor;
    }

    /** A tensor with bytes of the host. */
    Tensor upload(DType dtype, Shape shape, ByteBuffer bytes) {
        Tensor tensor = scratch(dtype, shape);
        memory.write(bytes, tensor);
        return tensor;
    }

    @Override
    public void close() {
        lent.forEach(tensor -> tensor.storage().release());
    }
}
