package glance.backend.cuda.driver;

import glance.backend.DeviceException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Uses the NVIDIA driver in every way that there is, on whatever libcuda.so.1 the loader finds. */
final class BoundDriver {
    private static final int COUNT = 4;
    private static final int BYTES = COUNT * Float.BYTES;

    private BoundDriver() {}

    /** Prints what came of it, a line for each thing. */
    public static void main(String[] args) {
        System.out.println(NvidiaGpus.count() + " " + NvidiaGpus.describe(0));
        try (Driver driver = new NvidiaDriver(0)) {
            long stream = driver.createStream();
            long module = driver.loadModule("pointwise");
            System.out.println("constant " + driver.constant(module, "pointwise_elements_each"));
            System.out.println("out of memory " + driver.allocate(1L << 41));
            try {
                driver.function(module, "mist");
            } catch (DeviceException e) {
                System.out.println(e.getMessage());
            }
            launch(driver, stream, driver.function(module, "mix"));
            System.out.println("millis " + timed(driver, stream));
            driver.destroyStream(stream);
        }
    }

    private static void launch(Driver driver, long stream, KernelFunction mix) {
        long x = driver.allocate(BYTES);
        long out = driver.allocate(2 * BYTES);
        ByteBuffer pinned = driver.allocatePinned(64);
        pinned.position(8);
        for (int i = 0; i < COUNT; i++) {
            pinned.putFloat(i);
        }
        pinned.flip().position(8);
        driver.upload(pinned, x, stream);
        driver.fill(out, (byte) 0, 2 * BYTES, stream);
        Arguments arguments =
                new Arguments()
                        .pointer(out)
                        .i32(COUNT)
                        .pointer(x)
                        .f32(0.5f)
                        .struct(70, 40)
                        .f32(0.25f)
                        .i64(1000);
        driver.launch(new Launch(mix, Grid.of(3, 2), mix.maxThreads(), 0, arguments), stream);
        driver.copy(out, out + BYTES, BYTES, stream);
        System.out.println("mixed " + read(driver, stream, out + BYTES, pinned));
        replay(driver, stream, new Launch(mix, Grid.of(3, 2), 96, 100_000, arguments));
        driver.freePinned(pinned);
        driver.free(x);
        driver.free(out);
        try {
            driver.launch(new Launch(mix, Grid.of(7), 96, 0, arguments), stream);
        } catch (DeviceException e) {
            System.out.println(e.getMessage());
        }
    }

    private static String read(Driver driver, long stream, long from, ByteBuffer pinned) {
        pinned.clear().position(16).limit(16 + BYTES);
        driver.download(from, pinned, stream);
        driver.synchronize(stream);
        float[] values = new float[COUNT];
        pinned.asFloatBuffer().get(values);
        return Arrays.toString(values);
    }

    private static void replay(Driver driver, long stream, Launch launch) {
        driver.beginCapture(stream);
        driver.launch(launch, stream);
        long graph = driver.endCapture(stream);
        driver.launchGraph(graph, stream);
        driver.destroyGraph(graph);
        System.out.println("replayed");
    }

    private static float timed(Driver driver, long stream) {
        long start = driver.createEvent();
        long end = driver.createEvent();
        driver.record(start, stream);
        driver.waitEvent(stream, start);
        driver.record(end, stream);
        driver.await(end);
        float millis = driver.elapsedMillis(start, end);
        driver.destroyEvent(start);
        driver.destroyEvent(end);
        return millis;
    }
}
