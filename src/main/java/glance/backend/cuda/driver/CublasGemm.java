package glance.backend.cuda.driver;

import glance.api.DeviceException;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS through JCuda. F32 products stay F32 (the default mode has no TF32), and partial sums of
 * BF16 products too. With a workspace of ours nothing is allocated by a call, so that calls may be
 * captured into a graph, after one call outside: cuBLAS loads its kernels when it first needs them.
 */
final class CublasGemm implements Gemm {
    private final Runnable enter;
    private final cublasHandle handle = new cublasHandle();
    private final ByteBuffer scalars =
            ByteBuffer.allocateDirect(2 * Float.BYTES).order(ByteOrder.nativeOrder());
    private final Pointer alpha = Pointer.to(scalars);
    private final Pointer beta = Pointer.to(scalars).withByteOffset(Float.BYTES);

    /**
     * @param enter makes the context current for the calling thread
     * @param workspace device memory of {@link Gemm#WORKSPACE_BYTES}
     */
    CublasGemm(Runnable enter, CUstream stream, long workspace) {
        this.enter = enter;
        Bindings.CUBLAS.load();
        enter.run();
        check(JCublas2.cublasCreate(handle), "cublasCreate");
        check(JCublas2.cublasSetStream(handle, new cudaStream_t(stream)), "cublasSetStream");
        // after the stream, which takes an earlier workspace away
        check(
                JCublas2.cublasSetWorkspace(handle, at(workspace), WORKSPACE_BYTES),
                "cublasSetWorkspace");
        check(
                JCublas2.cublasSetMathMode(
                        handle, cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
                "cublasSetMathMode");
    }

    @Override
    public void multiply(Product product) {
        enter.run();
        int dtype = dataType(product.dtype());
        // read before the call returns
        scalars.putFloat(0, product.alpha()).putFloat(Float.BYTES, product.beta());
        check(
                // the one whose type of arithmetic is a cublasComputeType, as in CUDA 11 and later
                JCublas2.cublasGemmEx_new(
                        handle,
                        operation(product.a()),
                        operation(product.b()),
                        product.m(),
                        product.n(),
                        product.k(),
                        alpha,
                        at(product.a().address()),
                        dtype,
                        product.a().leading(),
                        at(product.b().address()),
                        dtype,
                        product.b().leading(),
                        beta,
                        at(product.c()),
                        dtype,
                        product.leadingC(),
                        cublasComputeType.CUBLAS_COMPUTE_32F,
                        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT),
                "cublasGemmEx of " + product);
    }

    private static int dataType(DType dtype) {
        return switch (dtype) {
            case F32 -> cudaDataType.CUDA_R_32F;
            case BF16 -> cudaDataType.CUDA_R_16BF;
            default -> throw new IllegalArgumentException("no products of " + dtype);
        };
    }

    private static int operation(Matrix matrix) {
        return matrix.transposed() ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    private static Pointer at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    private static void check(int status, String call) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new DeviceException(
                    "cuBLAS: " + call + " failed: " + cublasStatus.stringFor(status));
        }
    }

    @Override
    public void close() {
        enter.run();
        check(JCublas2.cublasDestroy(handle), "cublasDestroy");
    }
}
