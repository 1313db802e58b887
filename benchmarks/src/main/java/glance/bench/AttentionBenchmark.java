package glance.bench;

import org.openjdk.jmh.annotations.Param;

/** Joint attention of image and text. */
public class AttentionBenchmark extends Timed {
    @Param("1088")
    public int seqLen;

    @Override
    Workload open() {
        return new AttentionWorkload(seqLen, Workloads.NUM_HEADS, Workloads.HEAD_DIM);
    }
}
