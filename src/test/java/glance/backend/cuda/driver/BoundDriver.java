package glance.backend.cuda.driver;

import glance.api.DeviceException;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Uses the NVIDIA driver in every way that there is, on whatever libcuda.so.1 the loader finds. */
final class BoundDriver {
    private static final int COUNT = 4;
    private static final int BYTES = COUNT * Float.BYTES;

    private BoundDriver() {}

    /** Prints what came of it, a line for each thing. */
    public static void main(String[] args) {
        switch (args[0]) {
            case "find" -> System.out.println(Drivers.ask());
            case "use" -> use();
            case "share" -> shareMemory();
            case "alternate" -> alternate();
            case "map" -> map();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void use() {
        System.out.println(NvidiaGpus.count() + " " + NvidiaGpus.describe(0));
        try (Driver driver = new NvidiaDriver(0)) {
            long stream = driver.createStream();
            long module = driver.loadModule("pointwise");
            System.out.println("constant " + driver.constant(module, "pointwise_elements_each"));
            System.out.println("free " + driver.freeBytes());
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

    /** Launches that need a little less than 48 KB, exactly so much, more, and too much. */
    private static void shareMemory() {
        for (int gpu = 0; gpu < 2; gpu++) {
            try (Driver driver = new NvidiaDriver(gpu)) {
                long stream = driver.createStream();
                KernelFunction mix = driver.function(driver.loadModule("pointwise"), "mix");
                Mixing mixing = new Mixing(driver, stream);
                int most = driver.gpu().usableSharedBytes() - 1024;
                for (int bytes : new int[] {47 << 10, 48 << 10, most, 48 << 10, most + 1}) {
                    try {
                        mixing.launch(mix, bytes);
                        System.out.println(bytes + " bytes");
                    } catch (DeviceException e) {
                        System.out.println(e.getMessage());
                    }
                }
            }
        }
    }

    /** Two GPUs on one thread, by turns. */
    private static void alternate() {
        try (Driver ada = new NvidiaDriver(0)) {
            Mixing first = new Mixing(ada, ada.createStream());
            KernelFunction one = ada.function(ada.loadModule("pointwise"), "mix");
            try (Driver hopper = new NvidiaDriver(1)) {
                Mixing second = new Mixing(hopper, hopper.createStream());
                KernelFunction two = hopper.function(hopper.loadModule("pointwise"), "mix");
                for (int i = 0; i < 2; i++) {
                    first.launch(one, 0);
                    second.launch(two, 0);
                }
            }
            first.launch(one, 0);
            System.out.println("both");
        }
    }

    /** A map that the driver makes, and one that it refuses. */
    private static void map() {
        System.out.println(NvidiaGpus.count());
        try (Driver driver = new NvidiaDriver(1)) {
            System.out.println(
                    driver.tensorMap(
                                    TensorTiles.matrix(
                                            DType.BF16, 4096, 3072, 513, 6400, 64, 128, true))
                            .words());
            driver.tensorMap(
                    new TensorTiles(DType.F32, 4096, List.of(4L), List.of(), List.of(4), false));
        } catch (DeviceException e) {
            System.out.println(e.getMessage());
        }
    }

    /** The arguments of the kernel on a GPU. */
    private record Mixing(Driver driver, long stream, long x, long out) {
        Mixing(Driver driver, long stream) {
            this(driver, stream, driver.allocate(BYTES), driver.allocate(BYTES));
        }

        void launch(KernelFunction mix, int sharedBytes) {
            driver.fill(x, (byte) 0, BYTES, stream);
            driver.launch(
                    new Launch(
                            mix, Grid.of(3, 2), mix.maxThreads(), sharedBytes, arguments(x, out)),
                    stream);
            driver.synchronize(stream);
        }
    }

    private static Arguments arguments(long x, long out) {
        return new Arguments()
                .pointer(out)
                .i32(COUNT)
                .pointer(x)
                .f32(0.5f)
                .struct(70, 40)
                .f32(0.25f)
                .i64(1000);
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
        Arguments arguments = arguments(x, out);
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
