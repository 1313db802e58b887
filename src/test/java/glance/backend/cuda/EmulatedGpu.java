package glance.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.backend.cuda.driver.EmulatedDriver;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launchers and tensors on an emulated GPU, which has 4 multiprocessors. */
final class EmulatedGpu implements AutoCloseable {
    private final EmulatedDriver driver = new EmulatedDriver();
    private final CudaMemory memory = new CudaMemory(driver, 0, DType.BF16);

    private EmulatedGpu() {}

    /** Skips the test where there is no emulator. */
    static EmulatedGpu open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        return new EmulatedGpu();
    }

    Launcher launcher(DType computeType) {
        return new Launcher(driver, 0, memory, computeType, Libraries.none(driver));
    }

    CudaMemory memory() {
        return memory;
    }

    /** A tensor with undefined content. */
    Tensor tensor(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.contiguous(memory.allocate(dtype, shape.numel()), dtype, shape);
    }

    @Override
    public void close() {
        memory.close();
        driver.close();
    }
}
