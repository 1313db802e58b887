package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.Grid;
import glance.backend.cuda.driver.KernelFunction;
import glance.backend.cuda.driver.Launch;
import glance.backend.cuda.driver.TensorMap;
import glance.backend.cuda.driver.TensorTiles;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Finds kernels and queues them. A kernel is named by its file and its entry point; entry points
 * that exist for several compute types end in {@code _f32} or {@code _bf16}.
 */
final class Launcher {
    /** Blocks a multiprocessor holds of a kernel that strides over its elements. */
    private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

    private static final int WARP_THREADS = 32;

    /** Tensor maps that are kept: those of a large model's weights. */
    private static final int MOST_MAPS = 4096;

    /** Compute capability from which mma.sync takes bf16 and cp.async exists. */
    private static final int MMA_CAPABILITY = 80;

    private final Driver driver;
    private final long stream;
    private final CudaMemory memory;
    private final DType computeType;
    private final String suffix;
    private final Libraries libraries;
    private final boolean synchronous = Driver.isSynchronous();
    private final Map<String, Code> files = new HashMap<>();

    /** By what they say: a map is nothing but an encoding of it. */
    private final Map<TensorTiles, TensorMap> maps =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<TensorTiles, TensorMap> eldest) {
                    return size() > MOST_MAPS;
                }
            };

    /** What was asked for of a kernel file; another file may have the same names. */
    private record Code(
            long module, Map<String, KernelFunction> functions, Map<String, Integer> constants) {}

    Launcher(
            Driver driver, long stream, CudaMemory memory, DType computeType, Libraries libraries) {
        this.driver = driver;
        this.stream = stream;
        this.memory = memory;
        this.computeType = computeType;
        this.suffix = suffix(computeType);
        this.libraries = libraries;
    }

    /** Dtype of activations. */
    DType computeType() {
        return computeType;
    }

    /** What computes in place of our own kernels. */
    Libraries libraries() {
        return libraries;
    }

    /** The suffix of entry points for the compute type. */
    String suffix() {
        return suffix;
    }

    static String suffix(DType dtype) {
        return "_" + dtype.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** See {@link CudaMemory#counters}. */
    long counters() {
        return memory.counters();
    }

    /** Tensors that a launcher needs besides its arguments; close them after the launch. */
    Operands operands() {
        return new Operands(this, memory);
    }

    /** A kernel, from the code loaded when it is first asked for. */
    KernelFunction function(String file, String entry) {
        Code code = code(file);
        KernelFunction function = code.functions.get(entry);
        if (function == null) {
            function = driver.function(code.module, entry);
            code.functions.put(entry, function);
        }
        return function;
    }

    /** A number that a kernel file exports. */
    int constant(String file, String name) {
        Code code = code(file);
        return code.constants.computeIfAbsent(name, key -> driver.constant(code.module, key));
    }

    private Code code(String file) {
        return files.computeIfAbsent(
                file, key -> new Code(driver.loadModule(key), new HashMap<>(), new HashMap<>()));
    }

    /** Describes a tensor to kernels that copy tiles of it. */
    TensorMap tensorMap(TensorTiles tiles) {
        return maps.computeIfAbsent(tiles, driver::tensorMap);
    }

    /** Queues a kernel with as many threads in a block as it was compiled for. */
    void launch(String file, String entry, Grid grid, int sharedBytes, Arguments arguments) {
        if (!grid.isEmpty()) {
            KernelFunction function = function(file, entry);
            int threads = function.maxThreads();
            Launch launch = new Launch(function, grid, threads, sharedBytes, arguments);
            driver.launch(launch, stream);
            launched(launch);
        }
    }

    /**
     * Waits for what was queued if that is asked for.
     *
     * @param what names it
     */
    void launched(Object what) {
        if (synchronous) {
            try {
                driver.synchronize(stream);
            } catch (DeviceException e) {
                throw new DeviceException(what + " failed on the GPU: " + e.getMessage(), e);
            }
        }
    }

    /** {@link #launch(String, String, Grid, int, Arguments)} without dynamic shared memory. */
    void launch(String file, String entry, Grid grid, Arguments arguments) {
        launch(file, entry, grid, 0, arguments);
    }

    /** Queues a kernel whose threads stride over {@code count} elements. */
    void launchElements(String file, String entry, long count, Arguments arguments) {
        long blocks = Grid.blocks(count, function(file, entry).maxThreads());
        long most = (long) BLOCKS_PER_MULTIPROCESSOR * driver.gpu().multiprocessors();
        launch(file, entry, Grid.of(Math.min(blocks, most)), arguments);
    }

    /** Warps of a block of a kernel. */
    int warps(String file, String entry) {
        return function(file, entry).maxThreads() / WARP_THREADS;
    }

    /** Properties of the GPU. */
    Gpu gpu() {
        return driver.gpu();
    }

    /** Whether products of the compute type run on tensor cores, fed by asynchronous copies. */
    boolean hasTensorCores() {
        return computeType == DType.BF16 && gpu().computeCapability() >= MMA_CAPABILITY;
    }

    /** Most shared memory of a block, its arrays included. */
    int sharedBytes() {
        return driver.gpu().usableSharedBytes();
    }

    /** Distance between the rows of two samples of a [batch or 1, dim] tensor; 0 for null. */
    static long sampleStride(Tensor rows) {
        return rows == null || rows.dim(0) == 1 ? 0 : rows.stride(0);
    }

    /** The address of a tensor as an argument; 0 for null. */
    static long address(Tensor tensor) {
        return tensor == null ? 0 : CudaStorage.address(tensor);
    }
}
