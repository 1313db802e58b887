package glance.backend.cuda.driver;

import glance.api.DeviceException;
import java.nio.ByteBuffer;

/**
 * One opened GPU. Addresses, streams, events, modules, functions and graphs are opaque numbers.
 * Work given to a stream runs in order, later. Used by one thread at a time. Every method throws
 * {@link DeviceException} naming the call, what it was given and the driver's answer.
 */
public interface Driver extends AutoCloseable {
    /**
     * Whether {@code -Dglance.cuda.sync=true} asks to wait for each kernel, so that one that fails
     * is named. Otherwise the failure shows at some later call.
     */
    static boolean isSynchronous() {
        return Boolean.getBoolean("glance.cuda.sync");
    }

    /** The GPU as the driver describes it. */
    Gpu gpu();

    /** Device memory that nobody uses, as far as the driver knows. */
    long freeBytes();

    /** Device memory of at least the given size, aligned to 256 bytes; 0 if there is not enough. */
    long allocate(long bytes);

    /** Gives an allocation back, after all queued work is done. */
    void free(long address);

    /**
     * Begins a new life of an allocation: the first {@code bytes} have undefined content, the rest
     * must not be touched. A GPU does nothing; an emulated one finds who breaks the rule.
     */
    void renew(long address, long bytes);

    /** Host memory that asynchronous copies may use, little-endian. */
    ByteBuffer allocatePinned(int bytes);

    /** Gives pinned memory back. */
    void freePinned(ByteBuffer buffer);

    /** Copies the remaining bytes of a pinned buffer to the device. */
    void upload(ByteBuffer pinned, long target, long stream);

    /** Fills the remaining bytes of a pinned buffer from the device. */
    void download(long source, ByteBuffer pinned, long stream);

    /** Copies within the device; the ranges must not overlap. */
    void copy(long source, long target, long bytes, long stream);

    /** Sets every byte. */
    void fill(long target, byte value, long bytes, long stream);

    /** A new stream. */
    long createStream();

    void destroyStream(long stream);

    /** Waits until all work of the stream is done. */
    void synchronize(long stream);

    /** A new event that measures time. */
    long createEvent();

    void destroyEvent(long event);

    /** The event happens when the work queued so far is done. */
    void record(long event, long stream);

    /** Waits until the event has happened. */
    void await(long event);

    /** Work given to the stream from now on begins after the event; the host does not wait. */
    void waitEvent(long stream, long event);

    /** Milliseconds between two events that have happened. */
    float elapsedMillis(long start, long end);

    /** Loads the code of a kernel file, by its name without suffix. */
    long loadModule(String name);

    /** A kernel of a module. */
    KernelFunction function(long module, String name);

    /** The value of a number that a kernel file exports for its launcher. */
    int constant(long module, String name);

    /**
     * Describes a tensor to kernels that copy tiles of it (HOPPER_KERNEL files). The map holds for
     * as long as the tensor stays where it is.
     */
    TensorMap tensorMap(TensorTiles tiles);

    /** Queues a kernel. */
    void launch(Launch launch, long stream);

    /**
     * From now on work given to the stream is noted down, not done. Until the end of the capture
     * this thread allocates and frees nothing, loads no code and waits for nothing: a GPU refuses
     * the whole capture then.
     */
    void beginCapture(long stream);

    /** Ends {@link #beginCapture}; the result is a graph that can be launched many times. */
    long endCapture(long stream);

    /** Queues everything that the graph has noted down. */
    void launchGraph(long graph, long stream);

    void destroyGraph(long graph);

    /**
     * Opens the library for products of matrices.
     *
     * @param workspace device memory of {@link Gemm#WORKSPACE_BYTES} for its use alone
     * @throws DeviceException if it cannot be loaded here, with the cause and the remedy
     */
    Gemm openGemm(long stream, long workspace);

    /**
     * Opens the library for convolutions.
     *
     * @throws DeviceException if it cannot be loaded here, with the cause and the remedy
     */
    Convolution openConvolution(long stream);

    /** Gives back everything; the driver cannot be used any more. */
    @Override
    void close();
}
