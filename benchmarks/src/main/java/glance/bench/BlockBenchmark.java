package glance.bench;

import glance.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** One dual-stream transformer block. */
public class BlockBenchmark extends Timed {
    @Param("1024")
    public int imageLen;

    @Param({"F32", "BF16"})
    public DType weights;

    @Override
    Workload open() {
        return new BlockWorkload(
                Workloads.TEXT_LEN, imageLen, Workloads.NUM_HEADS, Workloads.HEAD_DIM, weights);
    }
}
