package glance.bench;

import glance.backend.cuda.driver.Convolution;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Gemm;
import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.KernelFunction;
import glance.backend.cuda.driver.Launch;
import glance.backend.cuda.driver.TensorMap;
import glance.backend.cuda.driver.TensorTiles;
import java.nio.ByteBuffer;
import java.util.Collections;

/** A driver that does nothing: what is left of a launch is the engine's own part of it. */
final class IdleDriver implements Driver {
    private static final Gpu GPU = new Gpu("idle", 90, 132, 80L << 30, 232_448, 0);
    private static final int THREADS = 256;

    /** Every other number that kernel files export; a tile is as good as another. */
    private static final int CONSTANT = 64;

    /** Adapters that a launch takes at most. */
    private static final int SHARES = 8;

    private long top = 1L << 20;
    private Launch last;

    @Override
    public Gpu gpu() {
        return GPU;
    }

    @Override
    public long allocate(long bytes) {
        long address = top;
        top += (bytes + 255) / 256 * 256;
        return address;
    }

    @Override
    public void launch(Launch launch, long stream) {
        last = launch; // so that it has to be made
    }

    @Override
    public KernelFunction function(long module, String name) {
        return new KernelFunction(name, 1, THREADS);
    }

    @Override
    public int constant(long module, String name) {
        return name.endsWith("_shares") ? SHARES : CONSTANT;
    }

    @Override
    public TensorMap tensorMap(TensorTiles tiles) {
        return new TensorMap(Collections.nCopies(16, 0L));
    }

    @Override
    public long freeBytes() {
        return GPU.memoryBytes();
    }

    @Override
    public ByteBuffer allocatePinned(int bytes) {
        return ByteBuffer.allocateDirect(bytes);
    }

    @Override
    public long loadModule(String name) {
        return 1;
    }

    @Override
    public long createStream() {
        return 1;
    }

    @Override
    public long createEvent() {
        return 1;
    }

    @Override
    public long endCapture(long stream) {
        return 1;
    }

    @Override
    public float elapsedMillis(long start, long end) {
        return 0;
    }

    @Override
    public Gemm openGemm(long stream, long workspace) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Convolution openConvolution(long stream) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void free(long address) {}

    @Override
    public void renew(long address, long bytes) {}

    @Override
    public void freePinned(ByteBuffer buffer) {}

    @Override
    public void upload(ByteBuffer pinned, long target, long stream) {}

    @Override
    public void download(long source, ByteBuffer pinned, long stream) {}

    @Override
    public void copy(long source, long target, long bytes, long stream) {}

    @Override
    public void fill(long target, byte value, long bytes, long stream) {}

    @Override
    public void destroyStream(long stream) {}

    @Override
    public void synchronize(long stream) {}

    @Override
    public void destroyEvent(long event) {}

    @Override
    public void record(long event, long stream) {}

    @Override
    public void await(long event) {}

    @Override
    public void waitEvent(long stream, long event) {}

    @Override
    public void beginCapture(long stream) {}

    @Override
    public void launchGraph(long graph, long stream) {}

    @Override
    public void destroyGraph(long graph) {}

    @Override
    public void close() {}
}
