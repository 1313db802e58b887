package glance.backend.cuda.driver;

import jcuda.driver.CUfunction;

/** A loaded kernel. */
record NvidiaFunction(CUfunction function, SharedMemory shared) {}
