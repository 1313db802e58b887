package glance.backend.cuda.driver;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/**
 * Where cuLaunchKernel reads the parameters of a kernel: their values, and a table of where each
 * lies, both in host memory at a fixed address. JCuda passes such a table on as it is, while it
 * takes a table of its own pointer objects apart one by one, at 0.4 us each
 * (benchmarks/results/launch.md). The driver copies the values before a launch returns, so there is
 * one such place for all launches.
 */
final class NvidiaParameters {
    /** Bytes of the values and of the table. */
    static final int BYTES = Arguments.MAX_BYTES + Arguments.MAX_COUNT * Long.BYTES;

    private final ByteBuffer memory;
    private final long address;
    private final Pointer table;

    /**
     * @param memory of {@link #BYTES}, in native order
     * @param address where it begins
     */
    NvidiaParameters(ByteBuffer memory, long address) {
        this.memory = memory;
        this.address = address;
        this.table = new CUdeviceptr().withByteOffset(address + Arguments.MAX_BYTES);
    }

    /** The arguments as cuLaunchKernel takes them, until the next call. */
    Pointer of(Arguments arguments) {
        memory.clear().put(arguments.bytes());
        int[] offsets = arguments.offsets();
        for (int i = 0; i < offsets.length; i++) {
            memory.putLong(Arguments.MAX_BYTES + i * Long.BYTES, address + offsets[i]);
        }
        return table;
    }
}
