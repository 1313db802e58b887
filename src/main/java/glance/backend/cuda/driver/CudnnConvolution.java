package glance.backend.cuda.driver;

import static jcuda.jcudnn.cudnnTensorFormat.CUDNN_TENSOR_NHWC;

import glance.api.DeviceException;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnStatus;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;

/**
 * cuDNN 8 through JCuda. What a convolution needs is worked out when its sizes are first seen, on
 * the host; a call then only queues.
 */
final class CudnnConvolution implements Convolution {
    private final Runnable enter;
    private final cudnnHandle handle = new cudnnHandle();
    private final Map<Geometry, Plan> plans = new HashMap<>();
    private final Pointer one = scalar(1);
    private final Pointer zero = scalar(0);

    /** Descriptors of x, weight, result and their relation, and how to compute it. */
    private static final class Plan {
        final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
        final cudnnFilterDescriptor weight = new cudnnFilterDescriptor();
        final cudnnTensorDescriptor out = new cudnnTensorDescriptor();
        final cudnnConvolutionDescriptor relation = new cudnnConvolutionDescriptor();
        int algorithm;
        long workspaceBytes;
    }

    /**
     * @param enter makes the context current for the calling thread
     */
    CudnnConvolution(Runnable enter, CUstream stream) {
        this.enter = enter;
        Bindings.CUDNN.load();
        enter.run();
        check(JCudnn.cudnnCreate(handle), "cudnnCreate");
        check(JCudnn.cudnnSetStream(handle, new cudaStream_t(stream)), "cudnnSetStream");
    }

    @Override
    public long workspaceBytes(Geometry geometry) {
        return plan(geometry).workspaceBytes;
    }

    @Override
    public void convolve(Geometry geometry, long x, long weight, long out, long workspace) {
        Plan plan = plan(geometry);
        check(
                JCudnn.cudnnConvolutionForward(
                        handle,
                        one,
                        plan.x,
                        at(x),
                        plan.weight,
                        at(weight),
                        plan.relation,
                        plan.algorithm,
                        at(workspace),
                        plan.workspaceBytes,
                        zero,
                        plan.out,
                        at(out)),
                "cudnnConvolutionForward of " + geometry);
    }

    private Plan plan(Geometry geometry) {
        enter.run();
        return plans.computeIfAbsent(geometry, this::makePlan);
    }

    private Plan makePlan(Geometry geometry) {
        Plan plan = new Plan();
        describe(plan, geometry);
        choose(plan, geometry);
        return plan;
    }

    private static void describe(Plan plan, Geometry g) {
        int dtype = dataType(g.dtype());
        check(JCudnn.cudnnCreateTensorDescriptor(plan.x), "cudnnCreateTensorDescriptor");
        check(JCudnn.cudnnCreateTensorDescriptor(plan.out), "cudnnCreateTensorDescriptor");
        check(JCudnn.cudnnCreateFilterDescriptor(plan.weight), "cudnnCreateFilterDescriptor");
        check(
                JCudnn.cudnnCreateConvolutionDescriptor(plan.relation),
                "cudnnCreateConvolutionDescriptor");
        check(
                JCudnn.cudnnSetTensor4dDescriptor(
                        plan.x,
                        CUDNN_TENSOR_NHWC,
                        dtype,
                        g.batch(),
                        g.channels(),
                        g.height(),
                        g.width()),
                "cudnnSetTensor4dDescriptor of the picture of " + g);
        check(
                JCudnn.cudnnSetTensor4dDescriptor(
                        plan.out,
                        CUDNN_TENSOR_NHWC,
                        dtype,
                        g.batch(),
                        g.filters(),
                        g.outHeight(),
                        g.outWidth()),
                "cudnnSetTensor4dDescriptor of the result of " + g);
        check(
                JCudnn.cudnnSetFilter4dDescriptor(
                        plan.weight,
                        dtype,
                        CUDNN_TENSOR_NHWC,
                        g.filters(),
                        g.channels(),
                        g.kernelHeight(),
                        g.kernelWidth()),
                "cudnnSetFilter4dDescriptor of " + g);
        check(
                JCudnn.cudnnSetConvolution2dDescriptor(
                        plan.relation,
                        g.padHeight(),
                        g.padWidth(),
                        g.stride(),
                        g.stride(),
                        1,
                        1,
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        cudnnDataType.CUDNN_DATA_FLOAT),
                "cudnnSetConvolution2dDescriptor of " + g);
        // F32 stays F32: the default would be TF32
        int math =
                g.dtype() == DType.F32
                        ? cudnnMathType.CUDNN_FMA_MATH
                        : cudnnMathType.CUDNN_TENSOR_OP_MATH;
        check(
                JCudnn.cudnnSetConvolutionMathType(plan.relation, math),
                "cudnnSetConvolutionMathType of " + g);
    }

    /** The first of the algorithms that cuDNN expects to be fast which it can also run. */
    private void choose(Plan plan, Geometry geometry) {
        int most = cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_COUNT;
        int[] count = new int[1];
        cudnnConvolutionFwdAlgoPerf[] expected = new cudnnConvolutionFwdAlgoPerf[most];
        for (int i = 0; i < most; i++) {
            expected[i] = new cudnnConvolutionFwdAlgoPerf();
        }
        check(
                JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                        handle,
                        plan.x,
                        plan.weight,
                        plan.relation,
                        plan.out,
                        most,
                        count,
                        expected),
                "cudnnGetConvolutionForwardAlgorithm_v7 of " + geometry);
        long[] bytes = new long[1];
        for (int i = 0; i < count[0]; i++) {
            int status =
                    JCudnn.cudnnGetConvolutionForwardWorkspaceSize(
                            handle,
                            plan.x,
                            plan.weight,
                            plan.relation,
                            plan.out,
                            expected[i].algo,
                            bytes);
            if (status == cudnnStatus.CUDNN_STATUS_SUCCESS) {
                plan.algorithm = expected[i].algo;
                plan.workspaceBytes = bytes[0];
                return;
            }
        }
        throw new DeviceException(
                "cuDNN has no algorithm for " + geometry + "; leave out --variant conv2d=cudnn");
    }

    private static int dataType(DType dtype) {
        return switch (dtype) {
            case F32 -> cudnnDataType.CUDNN_DATA_FLOAT;
            case BF16 -> cudnnDataType.CUDNN_DATA_BFLOAT16;
            default -> throw new IllegalArgumentException("no convolutions of " + dtype);
        };
    }

    private static Pointer scalar(float value) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
        return Pointer.to(buffer.putFloat(0, value));
    }

    private static Pointer at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    private static void check(int status, String call) {
        if (status != cudnnStatus.CUDNN_STATUS_SUCCESS) {
            throw new DeviceException(
                    "cuDNN: " + call + " failed: " + cudnnStatus.stringFor(status));
        }
    }

    @Override
    public void close() {
        enter.run();
        for (Plan plan : plans.values()) {
            JCudnn.cudnnDestroyTensorDescriptor(plan.x);
            JCudnn.cudnnDestroyTensorDescriptor(plan.out);
            JCudnn.cudnnDestroyFilterDescriptor(plan.weight);
            JCudnn.cudnnDestroyConvolutionDescriptor(plan.relation);
        }
        plans.clear();
        check(JCudnn.cudnnDestroy(handle), "cudnnDestroy");
    }
}
