package glance.bench;

import glance.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** The same products with a rank-32 adapter; the overhead is the difference to GemmBenchmark. */
public class AdapterBenchmark extends Timed {
    @Param({"1088x768x768", "1024x768x3072", "1024x3072x768", "4096x3072x3072"})
    public String shape;

    @Param("32")
    public int rank;

    @Override
    Workload open() {
        return Workloads.linear(shape, DType.F32, rank);
    }
}
