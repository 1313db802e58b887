package glance.backend.cuda.driver;

import static glance.backend.cuda.driver.NvidiaCalls.check;

import glance.api.DeviceException;
import java.io.IOException;
import java.util.Set;
import jcuda.Pointer;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The code of kernel files: as compiled for GPUs, or as PTX where the driver does not take that.
 */
final class NvidiaCode {
    private static final Logger LOG = LoggerFactory.getLogger(NvidiaCode.class);

    /** What an older driver, or one of a newer GPU, says to machine code; it can compile PTX. */
    private static final Set<Integer> NOT_THIS_CODE =
            Set.of(
                    CUresult.CUDA_ERROR_INVALID_IMAGE,
                    CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                    CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);

    private boolean compiles;
    private boolean told;

    /** Loads a kernel file into the current context. */
    CUmodule load(String name) {
        CUmodule module = new CUmodule();
        try {
            boolean onlyMachineCode = KernelFiles.FOR_HOPPER.contains(name);
            if (!compiles || onlyMachineCode) {
                int result = JCudaDriver.cuModuleLoadData(module, KernelFiles.fatbin(name));
                if (!NOT_THIS_CODE.contains(result) || onlyMachineCode) {
                    check(result, "cuModuleLoadData of " + name);
                    return module;
                }
                compileInstead(result);
            }
            // not as an array, which would hold up the garbage collector while the driver compiles
            check(
                    JCudaDriver.cuModuleLoadDataJIT(
                            module, Pointer.to(KernelFiles.ptx(name)), new JITOptions()),
                    "cuModuleLoadDataEx of the PTX of " + name);
            return module;
        } catch (IOException e) {
            throw new DeviceException("cannot read the code of the kernels " + name, e);
        }
    }

    /** A file without code for a GPU says nothing about others; what else is wrong is with all. */
    private void compileInstead(int refusal) {
        compiles = refusal != CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
        if (told) {
            return;
        }
        told = true;
        LOG.info(
                "the NVIDIA driver compiles the kernels when they are first used: it does not take"
                        + " the machine code ({}), for which it must be of CUDA 13 (580 or newer)"
                        + " and the GPU no newer than Hopper; Blackwell's RTX has code for the"
                        + " kernels on tensor cores alone",
                CUresult.stringFor(refusal));
    }
}
