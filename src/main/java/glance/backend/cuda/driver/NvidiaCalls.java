package glance.backend.cuda.driver;

import glance.backend.DeviceException;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Turns the driver's answers into words. */
final class NvidiaCalls {
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
                            + (words[0] == null ? "" : ", " + words[0]));
        }
    }
}
