package glance.bench;

import org.openjdk.jmh.annotations.Param;

/** Norm and rotary positions of the joint queries. */
public class HeadNormRopeBenchmark extends Timed {
    @Param("1024")
    public int imageLen;

    @Override
    Workload open() {
        return new HeadNormRopeWorkload(
                Workloads.TEXT_LEN, imageLen, Workloads.NUM_HEADS, Workloads.HEAD_DIM);
    }
}
