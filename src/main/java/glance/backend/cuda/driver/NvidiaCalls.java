package glance.backend.cuda.driver;

import glance.api.DeviceException;
import java.util.Set;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Turns the driver's answers into words. */
final class NvidiaCalls {
    /** Faults of kernels, which show at whatever call comes after. */
    private static final Set<Integer> LATE =
            Set.of(
                    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                    CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED);

    private static final String HINT =
            " (in a kernel that was launched before; java -Dglance.cuda.sync=true ... names it)";

    private NvidiaCalls() {}

    /**
     * @param call in words, which are put together only when they are needed
     * @throws DeviceException if the answer is not success
     */
    static void check(int result, Object call) {
        if (result != CUresult.CUDA_SUCCESS) {
            String[] words = new String[1];
            JCudaDriver.cuGetErrorString(result, words);
            throw new DeviceException(
                    "CUDA: "
                            + call
                            + " failed: "
                            + CUresult.stringFor(result)
                            + (words[0] == null ? "" : ", " + words[0])
                            + hint(result));
        }
    }

    private static String hint(int result) {
        return LATE.contains(result) && !Driver.isSynchronous() ? HINT : "";
    }
}
