package glance.backend.cuda.driver;

import glance.api.DeviceException;
import glance.tensor.DType;
import java.util.function.Consumer;

/**
 * Stands in for cuBLAS and cuDNN on emulated device memory: their conventions, to the letter, and
 * every access checked.
 */
final class EmulatedLibraries {
    /** Some scratch, so that it is missed where nobody lends it. */
    private static final long CONVOLUTION_WORKSPACE_BYTES = 1000;

    private final EmulatorLibrary library;
    private final Consumer<Runnable> stream;

    /**
     * @param stream performs work, or notes it down while capturing
     */
    EmulatedLibraries(EmulatorLibrary library, Consumer<Runnable> stream) {
        this.library = library;
        this.stream = stream;
    }

    Gemm gemm() {
        return new Gemm() {
            @Override
            public void multiply(Product product) {
                stream.accept(() -> check(EmulatedLibraries.this.multiply(product), product));
            }

            @Override
            public void close() {
                // nothing was made
            }
        };
    }

    private int multiply(Gemm.Product product) {
        return library.emulator_gemm(
                code(product.dtype()),
                product.a().transposed() ? 1 : 0,
                product.b().transposed() ? 1 : 0,
                product.m(),
                product.n(),
                product.k(),
                product.alpha(),
                product.a().address(),
                product.a().leading(),
                product.b().address(),
                product.b().leading(),
                product.beta(),
                product.c(),
                product.leadingC());
    }

    Convolution convolution() {
        return new Convolution() {
            @Override
            public long workspaceBytes(Geometry geometry) {
                return CONVOLUTION_WORKSPACE_BYTES;
            }

            @Override
            public void convolve(Geometry geometry, long x, long weight, long out, long workspace) {
                stream.accept(
                        () ->
                                check(
                                        library.emulator_convolve(
                                                code(geometry.dtype()),
                                                dims(geometry),
                                                x,
                                                weight,
                                                out,
                                                workspace,
                                                CONVOLUTION_WORKSPACE_BYTES),
                                        geometry));
            }

            @Override
            public void close() {
                // nothing was made
            }
        };
    }

    private static int[] dims(Convolution.Geometry geometry) {
        return new int[] {
            geometry.batch(),
            geometry.height(),
            geometry.width(),
            geometry.channels(),
            geometry.filters(),
            geometry.kernelHeight(),
            geometry.kernelWidth(),
            geometry.stride(),
            geometry.padHeight(),
            geometry.padWidth()
        };
    }

    /** The dtype's number in kernels/include/dtypes.cuh. */
    private static int code(DType dtype) {
        return switch (dtype) {
            case F32 -> 0;
            case BF16 -> 1;
            default -> throw new IllegalArgumentException("libraries compute no " + dtype);
        };
    }

    private void check(int failed, Record call) {
        if (failed != 0) {
            throw new DeviceException(call + ": " + library.emulator_error());
        }
    }
}
