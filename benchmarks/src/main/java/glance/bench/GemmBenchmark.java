package glance.bench;

import glance.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Products of a block at hidden 768, and one of full size; shape is rows x in x out. */
public class GemmBenchmark extends Timed {
    @Param({"1088x768x768", "1024x768x3072", "1024x3072x768", "4096x3072x3072"})
    public String shape;

    @Param({"F32", "BF16"})
    public DType weights;

    @Override
    Workload open() {
        return Workloads.linear(shape, weights, 0);
    }
}
