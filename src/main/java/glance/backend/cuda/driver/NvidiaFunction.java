package glance.backend.cuda.driver;

import jcuda.driver.CUfunction;

/** A loaded kernel. */
final class NvidiaFunction {
    final CUfunction function;

    /** Dynamic shared memory that was asked for so far. */
    int sharedBytes;

    NvidiaFunction(CUfunction function) {
        this.function = function;
    }
}
