package glance.backend;

import glance.api.DeviceInfo;
import glance.tensor.DType;

/** A place where tensors live and ops run. Used by one thread at a time. */
public interface Device extends AutoCloseable {
    /** Name and properties. */
    DeviceInfo info();

    /** Dtype of activations on this device. */
    DType computeType();

    /** Memory of the device. */
    DeviceMemory memory();

    /** The operations that it can run. */
    KernelTable kernels();

    /**
     * Makes work ready to be queued many times, as a whole where the device can do that. The work
     * runs operations on tensors that live as long as the result, gives back all memory that it
     * takes, and neither reads nor writes host memory.
     */
    default Replay replay(Runnable work) {
        return Replay.plain(work);
    }

    /** Waits until all queued work is done. */
    void synchronize();

    /**
     * The time that the device takes for what {@code work} queues, by the device's own clock where
     * it has one, so that neither the way there nor the wait for the end counts. Everything queued
     * before is finished first; returns when the work is done.
     */
    default long elapsedNanos(Runnable work) {
        synchronize();
        long start = System.nanoTime();
        work.run();
        synchronize();
        return System.nanoTime() - start;
    }

    /** Ends threads and frees all memory. */
    @Override
    void close();
}
