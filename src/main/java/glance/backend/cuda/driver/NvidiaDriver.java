package glance.backend.cuda.driver;

import static glance.backend.cuda.driver.NvidiaCalls.check;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES;

import glance.api.DeviceException;
import glance.backend.MathLibrary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/** The NVIDIA driver through JCuda. Needs the driver's libcuda.so.1 and nothing else of CUDA. */
final class NvidiaDriver implements Driver {
    /** Contexts belong to threads, which may have several GPUs. */
    private static final ThreadLocal<CUcontext> CURRENT = new ThreadLocal<>();

    private final Gpu gpu;
    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final Map<Long, CUstream> streams = new HashMap<>();
    private final Map<Long, CUevent> events = new HashMap<>();
    private final Map<Long, CUmodule> modules = new HashMap<>();
    private final Map<Long, String> files = new HashMap<>(); // by module
    private final Map<Long, NvidiaFunction> functions = new HashMap<>();
    private final Map<Long, CUgraphExec> graphs = new HashMap<>();
    private final Map<String, Integer> constants;
    private final Map<ByteBuffer, Pointer> pinned = new IdentityHashMap<>();
    private final Address parametersMemory = new Address();
    private final NvidiaParameters parameters;
    private final NvidiaCode code = new NvidiaCode();
    private TensorMapEncoder encoder; // of the first map
    private long lastHandle;

    /** An address, of device or host memory, that can be read. */
    private static final class Address extends CUdeviceptr {
        long value() {
            return getNativePointer() + getByteOffset();
        }
    }

    NvidiaDriver(int index) {
        Bindings.DRIVER.load();
        device = NvidiaGpus.device(index);
        gpu = NvidiaGpus.describe(index);
        try {
            constants = KernelFiles.constants();
        } catch (IOException e) {
            throw new DeviceException("cannot read the constants of the kernels", e);
        }
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
        ByteBuffer memory = hostMemory(parametersMemory, NvidiaParameters.BYTES);
        parameters =
                new NvidiaParameters(
                        memory.order(ByteOrder.nativeOrder()), parametersMemory.value());
    }

    @Override
    public Gpu gpu() {
        return gpu;
    }

    @Override
    public long freeBytes() {
        enter();
        long[] free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
        return free[0];
    }

    @Override
    public long allocate(long bytes) {
        enter();
        Address address = new Address();
        int result = JCudaDriver.cuMemAlloc(address, bytes);
        if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            return 0;
        }
        check(result, "cuMemAlloc of " + bytes + " bytes");
        return address.value();
    }

    @Override
    public void free(long address) {
        enter();
        check(JCudaDriver.cuMemFree(at(address)), "cuMemFree");
    }

    @Override
    public void renew(long address, long bytes) {
        // a GPU does not watch
    }

    @Override
    public ByteBuffer allocatePinned(int bytes) {
        Pointer pointer = new Pointer();
        ByteBuffer buffer = hostMemory(pointer, bytes).order(ByteOrder.LITTLE_ENDIAN);
        pinned.put(buffer, pointer);
        return buffer;
    }

    private ByteBuffer hostMemory(Pointer pointer, int bytes) {
        enter();
        check(
                JCudaDriver.cuMemHostAlloc(pointer, bytes, 0),
                "cuMemHostAlloc of " + bytes + " bytes");
        return pointer.getByteBuffer(0, bytes);
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        enter();
        check(JCudaDriver.cuMemFreeHost(pinned.remove(buffer)), "cuMemFreeHost");
    }

    @Override
    public void upload(ByteBuffer source, long target, long stream) {
        enter();
        Pointer from = pinned.get(source).withByteOffset(source.position());
        int bytes = source.remaining();
        check(
                JCudaDriver.cuMemcpyHtoDAsync(at(target), from, bytes, streams.get(stream)),
                "cuMemcpyHtoDAsync of " + bytes + " bytes");
    }

    @Override
    public void download(long source, ByteBuffer target, long stream) {
        enter();
        Pointer to = pinned.get(target).withByteOffset(target.position());
        int bytes = target.remaining();
        check(
                JCudaDriver.cuMemcpyDtoHAsync(to, at(source), bytes, streams.get(stream)),
                "cuMemcpyDtoHAsync of " + bytes + " bytes");
    }

    @Override
    public void copy(long source, long target, long bytes, long stream) {
        enter();
        check(
                JCudaDriver.cuMemcpyDtoDAsync(at(target), at(source), bytes, streams.get(stream)),
                "cuMemcpyDtoDAsync of " + bytes + " bytes");
    }

    @Override
    public void fill(long target, byte value, long bytes, long stream) {
        enter();
        check(
                JCudaDriver.cuMemsetD8Async(at(target), value, bytes, streams.get(stream)),
                "cuMemsetD8Async of " + bytes + " bytes");
    }

    private static CUdeviceptr at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    @Override
    public long createStream() {
        enter();
        CUstream stream = new CUstream();
        check(JCudaDriver.cuStreamCreate(stream, 0), "cuStreamCreate");
        streams.put(++lastHandle, stream);
        return lastHandle;
    }

    @Override
    public void destroyStream(long stream) {
        enter();
        check(JCudaDriver.cuStreamDestroy(streams.remove(stream)), "cuStreamDestroy");
    }

    @Override
    public void synchronize(long stream) {
        enter();
        check(JCudaDriver.cuStreamSynchronize(streams.get(stream)), "cuStreamSynchronize");
    }

    @Override
    public long createEvent() {
        enter();
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, 0), "cuEventCreate");
        events.put(++lastHandle, event);
        return lastHandle;
    }

    @Override
    public void destroyEvent(long event) {
        enter();
        check(JCudaDriver.cuEventDestroy(events.remove(event)), "cuEventDestroy");
    }

    @Override
    public void record(long event, long stream) {
        enter();
        check(JCudaDriver.cuEventRecord(events.get(event), streams.get(stream)), "cuEventRecord");
    }

    @Override
    public void await(long event) {
        enter();
        check(JCudaDriver.cuEventSynchronize(events.get(event)), "cuEventSynchronize");
    }

    @Override
    public void waitEvent(long stream, long event) {
        enter();
        check(
                JCudaDriver.cuStreamWaitEvent(streams.get(stream), events.get(event), 0),
                "cuStreamWaitEvent");
    }

    @Override
    public float elapsedMillis(long start, long end) {
        enter();
        float[] millis = new float[1];
        check(
                JCudaDriver.cuEventElapsedTime(millis, events.get(start), events.get(end)),
                "cuEventElapsedTime");
        return millis[0];
    }

    @Override
    public long loadModule(String name) {
        enter();
        modules.put(++lastHandle, code.load(name));
        files.put(lastHandle, name);
        return lastHandle;
    }

    @Override
    public KernelFunction function(long module, String name) {
        enter();
        CUfunction function = new CUfunction();
        check(
                JCudaDriver.cuModuleGetFunction(function, modules.get(module), name),
                "cuModuleGetFunction " + name);
        int arrays = attribute(function, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, name);
        functions.put(++lastHandle, new NvidiaFunction(function, new SharedMemory(gpu, arrays)));
        int threads = attribute(function, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, name);
        return new KernelFunction(name, lastHandle, threads);
    }

    private static int attribute(CUfunction function, int attribute, String name) {
        int[] value = new int[1];
        check(
                JCudaDriver.cuFuncGetAttribute(value, attribute, function),
                "cuFuncGetAttribute of " + name);
        return value[0];
    }

    @Override
    public int constant(long module, String name) {
        Integer value = constants.get(files.get(module) + "/" + name);
        if (value == null) {
            throw new DeviceException(files.get(module) + ".cu exports no constant " + name);
        }
        return value;
    }

    @Override
    public TensorMap tensorMap(TensorTiles tiles) {
        if (encoder == null) {
            encoder = TensorMapEncoder.ofNvidia();
        }
        return encoder.map(tiles);
    }

    @Override
    public void launch(Launch launch, long stream) {
        enter();
        NvidiaFunction function = functions.get(launch.function().handle());
        function.shared()
                .prepare(
                        launch,
                        bytes ->
                                check(
                                        JCudaDriver.cuFuncSetAttribute(
                                                function.function(),
                                                CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                                bytes),
                                        "shared memory of " + launch));
        check(
                JCudaDriver.cuLaunchKernel(
                        function.function(),
                        launch.grid().x(),
                        launch.grid().y(),
                        launch.grid().z(),
                        launch.threads(),
                        1,
                        1,
                        launch.sharedBytes(),
                        streams.get(stream),
                        parameters.of(launch.arguments()),
                        null),
                launch);
    }

    @Override
    public void beginCapture(long stream) {
        enter();
        check(
                JCudaDriver.cuStreamBeginCapture(
                        streams.get(stream),
                        CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
    }

    @Override
    public long endCapture(long stream) {
        enter();
        CUgraph graph = new CUgraph();
        CUgraphExec executable = new CUgraphExec();
        check(JCudaDriver.cuStreamEndCapture(streams.get(stream), graph), "cuStreamEndCapture");
        int result = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
        check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
        check(result, "cuGraphInstantiate");
        graphs.put(++lastHandle, executable);
        return lastHandle;
    }

    @Override
    public void launchGraph(long graph, long stream) {
        enter();
        check(JCudaDriver.cuGraphLaunch(graphs.get(graph), streams.get(stream)), "cuGraphLaunch");
    }

    @Override
    public void destroyGraph(long graph) {
        enter();
        check(JCudaDriver.cuGraphExecDestroy(graphs.remove(graph)), "cuGraphExecDestroy");
    }

    @Override
    public Gemm openGemm(long stream, long workspace) {
        require(MathLibrary.CUBLAS);
        return new CublasGemm(this::enter, streams.get(stream), workspace);
    }

    @Override
    public Convolution openConvolution(long stream) {
        require(MathLibrary.CUDNN);
        return new CudnnConvolution(this::enter, streams.get(stream));
    }

    private static void require(MathLibrary library) {
        String problem = NvidiaLibraries.problem(library);
        if (problem != null) {
            throw new DeviceException(
                    problem
                            + ", or leave out --variant "
                            + library.operation()
                            + "="
                            + library.variant());
        }
    }

    /** A device may be handed from one thread to another. */
    private void enter() {
        if (CURRENT.get() != context) {
            check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            CURRENT.set(context);
        }
    }

    @Override
    public void close() {
        enter();
        modules.values().forEach(JCudaDriver::cuModuleUnload);
        modules.clear();
        check(JCudaDriver.cuMemFreeHost(parametersMemory), "cuMemFreeHost");
        CURRENT.remove();
        check(JCudaDriver.cuDevicePrimaryCtxRelease(device), "cuDevicePrimaryCtxRelease");
    }
}
