package glance.bench;

import org.openjdk.jmh.annotations.Param;

/** The adaptive norm of one stream. */
public class NormModulateBenchmark extends Timed {
    @Param("1024")
    public int seqLen;

    @Override
    Workload open() {
        return new NormModulateWorkload(seqLen, Workloads.HIDDEN_DIM);
    }
}
