package glance.backend.cuda.driver;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels of a file with planted mistakes, launched on a tile of ones in bf16, its map, and room
 * for results, which is zeros.
 */
final class PlantedKernels implements AutoCloseable {
    private static final int SIDE = 64;
    private static final int TILE_BYTES = 2 * SIDE * SIDE;

    private final EmulatedDriver driver;
    private final String file;
    private final long stream;
    private final List<Long> allocated = new ArrayList<>();
    private final long x;
    private final long out;
    private final int outBytes;
    private final TensorMap map;

    PlantedKernels(String file, int outBytes) {
        this.file = file;
        this.outBytes = outBytes;
        driver = EmulatedDriver.of(List.of(file));
        stream = driver.createStream();
        x = allocated(TILE_BYTES);
        out = zeros(outBytes);
        ByteBuffer ones = driver.allocatePinned(TILE_BYTES);
        while (ones.hasRemaining()) {
            ones.putShort((short) 0x3f80); // 1
        }
        driver.upload(ones.flip(), x, stream);
        map =
                driver.tensorMap(
                        TensorTiles.matrix(DType.BF16, x, SIDE, SIDE, 2 * SIDE, SIDE, SIDE, true));
    }

    private long allocated(int bytes) {
        long address = driver.allocate(bytes);
        allocated.add(address);
        return address;
    }

    /** More memory, of zeros. */
    long zeros(int bytes) {
        long address = allocated(bytes);
        driver.fill(address, (byte) 0, bytes, stream);
        return address;
    }

    /** The map, x and out, the addresses of others, and 1. */
    Arguments arguments(long... others) {
        return arguments(new Arguments().tensorMap(map), others);
    }

    /** The same with something else in the place of the map. */
    Arguments arguments(Arguments first, long... others) {
        first.pointer(x).pointer(out);
        for (long other : others) {
            first.pointer(other);
        }
        return first.i32(1);
    }

    /** As many threads as the kernel was compiled for. */
    void launch(String kernel, int blocks, Arguments arguments) {
        KernelFunction function = driver.function(driver.loadModule(file), kernel);
        driver.launch(
                new Launch(
                        function,
                        Grid.of(blocks),
                        function.maxThreads(),
                        2 * TILE_BYTES,
                        arguments),
                stream);
    }

    /** The results. */
    ByteBuffer results() {
        ByteBuffer bytes = driver.allocatePinned(outBytes);
        driver.download(out, bytes, stream);
        return bytes;
    }

    @Override
    public void close() {
        allocated.forEach(driver::free);
        driver.close();
    }
}
