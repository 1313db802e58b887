package glance.backend.cuda.driver;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import glance.api.DeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs kernels on the CPU, from the same sources and through the same launches as a GPU, and finds
 * what a GPU would not forgive: accesses outside of an allocation, reads of memory that nobody has
 * written, barriers that not all threads reach, races in shared memory and between blocks that work
 * for each other, and arguments that do not fit the kernel. For tests: slow. Everything happens at
 * once; {@link StreamOrder} finds work of two streams that a GPU might do in another order. Events
 * note the time of the CPU.
 */
public final class EmulatedDriver implements Driver {
    private static final long MEMORY_BYTES = 8L << 30;
    private static final Gpu GPU = new Gpu("emulated on the CPU", 90, 4, MEMORY_BYTES, 101_376, 0);

    /** The same GPU with all its shared memory, which other GPUs have not. */
    private static final Gpu HOPPER = new Gpu(GPU.name(), 90, 4, MEMORY_BYTES, 232_448, 0);

    private final Map<Long, List<Runnable>> graphs = new HashMap<>();
    private final Map<Long, Long> events = new HashMap<>(); // when they happened, by nanoTime
    private final Map<Long, SharedMemory> shared = new HashMap<>(); // by function
    private final Map<Long, String> files = new HashMap<>(); // by module
    private final StreamOrder order = new StreamOrder();
    private final Map<String, Integer> arrayBytes;
    private final EmulatorLibrary library;
    private List<Runnable> capturing;
    private long lastHandle;

    /** The emulator with the kernels of the engine. */
    public EmulatedDriver() {
        this(KernelFiles.KERNELS);
    }

    /**
     * The emulator with some kernels.
     *
     * @param files of the folder kernels on the class path, without suffix
     */
    public static EmulatedDriver of(List<String> files) {
        return new EmulatedDriver(files);
    }

    private EmulatedDriver(List<String> kernels) {
        library =
                EmulatorLibrary.load(
                        new EmulatorBuild(kernels.stream().map(name -> name + ".cu").toList())
                                .library());
        try {
            arrayBytes = KernelFiles.sharedBytes("sm_" + GPU.computeCapability());
        } catch (IOException e) {
            throw new DeviceException("cannot read the resources of the kernels", e);
        }
        if (library.emulator_open(MEMORY_BYTES, GPU.multiprocessors()) != 0) {
            throw new DeviceException(
                    "cuda-emulated: cannot reserve " + MEMORY_BYTES + " bytes of address space");
        }
    }

    /** Why there can be no emulator here, or null if there can. */
    public static String problem() {
        return EmulatorBuild.problem();
    }

    /** What the emulated GPU is like. */
    public static Gpu describe() {
        return GPU;
    }

    @Override
    public Gpu gpu() {
        return GPU;
    }

    @Override
    public long allocate(long bytes) {
        expectNoCapture("allocate");
        synchronized (library) {
            long address = library.emulator_allocate(bytes);
            if (address != 0) {
                order.allocated(address, bytes);
            }
            return address;
        }
    }

    @Override
    public long freeBytes() {
        return MEMORY_BYTES;
    }

    @Override
    public void free(long address) {
        expectNoCapture("free");
        synchronized (library) {
            check(library.emulator_free(address), "free", address, 0);
            order.freed(address);
        }
    }

    @Override
    public void renew(long address, long bytes) {
        perform(() -> check(library.emulator_renew(address, bytes), "renew", address, bytes));
    }

    @Override
    public ByteBuffer allocatePinned(int bytes) {
        expectNoCapture("allocatePinned");
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        order.releases(buffer); // the garbage collector does the rest
    }

    @Override
    public void upload(ByteBuffer pinned, long target, long stream) {
        Pointer source = pointer(pinned);
        long bytes = pinned.remaining();
        perform(
                () -> {
                    order.work("upload of " + bytes + " bytes", stream, target);
                    order.uses(pinned, stream);
                    check(library.emulator_write(target, source, bytes), "upload", target, bytes);
                });
    }

    @Override
    public void download(long source, ByteBuffer pinned, long stream) {
        Pointer target = pointer(pinned);
        long bytes = pinned.remaining();
        perform(
                () -> {
                    order.work("download of " + bytes + " bytes", stream, source);
                    order.uses(pinned, stream);
                    check(library.emulator_read(target, source, bytes), "download", source, bytes);
                });
    }

    private static Pointer pointer(ByteBuffer pinned) {
        return Native.getDirectBufferPointer(pinned).share(pinned.position());
    }

    @Override
    public void copy(long source, long target, long bytes, long stream) {
        perform(
                () -> {
                    order.work("copy of " + bytes + " bytes", stream, source, target);
                    check(library.emulator_copy(target, source, bytes), "copy", target, bytes);
                });
    }

    @Override
    public void fill(long target, byte value, long bytes, long stream) {
        perform(
                () -> {
                    order.work("fill of " + bytes + " bytes", stream, target);
                    check(library.emulator_fill(target, value, bytes), "fill", target, bytes);
                });
    }

    @Override
    public long createStream() {
        return ++lastHandle;
    }

    @Override
    public void destroyStream(long stream) {
        // nothing was made
    }

    @Override
    public void synchronize(long stream) {
        expectNoCapture("synchronize"); // everything has happened
        order.synchronize(stream);
    }

    @Override
    public long createEvent() {
        events.put(++lastHandle, 0L);
        return lastHandle;
    }

    @Override
    public void destroyEvent(long event) {
        events.remove(event);
        order.forget(event);
    }

    @Override
    public void record(long event, long stream) {
        perform(
                () -> {
                    events.put(event, System.nanoTime());
                    order.record(event, stream);
                });
    }

    @Override
    public void await(long event) {
        expectNoCapture("await"); // it has happened
        order.await(event);
    }

    @Override
    public void waitEvent(long stream, long event) {
        perform(() -> order.waitEvent(stream, event));
    }

    @Override
    public float elapsedMillis(long start, long end) {
        return (float) ((events.get(end) - events.get(start)) * 1e-6);
    }

    @Override
    public long loadModule(String name) {
        expectNoCapture("loadModule");
        files.put(++lastHandle, name); // the library has them all
        return lastHandle;
    }

    @Override
    public KernelFunction function(long module, String name) {
        long handle = library.emulator_function(files.get(module) + "/" + name);
        if (handle == 0) {
            throw new DeviceException(
                    "cuda-emulated: " + files.get(module) + ".cu has no kernel " + name);
        }
        return new KernelFunction(name, handle, library.emulator_max_threads(handle));
    }

    @Override
    public int constant(long module, String name) {
        expectNoCapture("constant");
        IntByReference value = new IntByReference();
        if (library.emulator_constant(files.get(module) + "/" + name, value) != 0) {
            throw new DeviceException(
                    "cuda-emulated: " + files.get(module) + ".cu exports no constant " + name);
        }
        return value.getValue();
    }

    @Override
    public TensorMap tensorMap(TensorTiles tiles) {
        TensorMapEncoder encoder = library::emulator_tensor_map;
        return encoder.map(tiles);
    }

    @Override
    public void launch(Launch launch, long stream) {
        perform(
                () -> {
                    order.work(launch, stream, launch.arguments().addresses());
                    launchNow(launch);
                });
    }

    private void launchNow(Launch launch) {
        long function = launch.function().handle();
        Gpu gpu = library.emulator_is_for_hopper(function) ? HOPPER : GPU;
        shared.computeIfAbsent(function, key -> new SharedMemory(gpu, arrayBytes(launch)))
                .prepare(launch, bytes -> library.emulator_allow_shared(function, bytes));
        int failed =
                library.emulator_launch(
                        function,
                        launch.grid().x(),
                        launch.grid().y(),
                        launch.grid().z(),
                        launch.threads(),
                        1,
                        1,
                        launch.sharedBytes(),
                        launch.arguments().kinds(),
                        launch.arguments().bytes(),
                        launch.arguments().offsets(),
                        launch.arguments().sizes());
        if (failed != 0) {
            throw new DeviceException(launch + ": " + library.emulator_error());
        }
    }

    /**
     * As the compiler for GPUs has counted them, which the driver knows; 0 for kernels of tests.
     */
    private int arrayBytes(Launch launch) {
        return arrayBytes.getOrDefault(launch.function().name(), 0);
    }

    private void perform(Runnable work) {
        if (capturing != null) {
            capturing.add(work);
            return;
        }
        synchronized (library) { // devices of one JVM share it
            work.run();
        }
    }

    /** A GPU refuses these, and the capture with them. */
    private void expectNoCapture(String call) {
        if (capturing != null) {
            throw new DeviceException(
                    "cuda-emulated: " + call + " is not permitted while a stream is captured");
        }
    }

    @Override
    public void beginCapture(long stream) {
        expectNoCapture("beginCapture");
        capturing = new ArrayList<>();
    }

    @Override
    public long endCapture(long stream) {
        if (capturing == null) {
            throw new DeviceException("cuda-emulated: endCapture without beginCapture");
        }
        graphs.put(++lastHandle, capturing);
        capturing = null;
        return lastHandle;
    }

    @Override
    public void launchGraph(long graph, long stream) {
        graphs.get(graph).forEach(this::perform);
    }

    @Override
    public void destroyGraph(long graph) {
        graphs.remove(graph);
    }

    @Override
    public Gemm openGemm(long stream, long workspace) {
        return new EmulatedLibraries(library, this::perform).gemm();
    }

    @Override
    public Convolution openConvolution(long stream) {
        return new EmulatedLibraries(library, this::perform).convolution();
    }

    private static void check(int code, String call, long address, long bytes) {
        if (code != 0) {
            throw new DeviceException(
                    String.format(
                            "cuda-emulated: %s of %d bytes at 0x%x is outside of every allocation",
                            call, bytes, address));
        }
    }

    @Override
    public void close() {
        graphs.clear();
    }
}
