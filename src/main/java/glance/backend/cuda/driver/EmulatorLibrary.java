package glance.backend.cuda.driver;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import glance.api.DeviceException;
import glance.io.JnaLibrary;
import glance.io.NativeLibraries;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The functions of kernels/emulator/library.h, where they are described. */
interface EmulatorLibrary extends Library {
    /** A library holds the state of its emulated memory, so each file is loaded once. */
    Map<Path, EmulatorLibrary> LOADED = new ConcurrentHashMap<>();

    /** Loads a compiled library. */
    static EmulatorLibrary load(Path file) {
        return LOADED.computeIfAbsent(file, EmulatorLibrary::loadNow);
    }

    private static EmulatorLibrary loadNow(Path file) {
        try {
            return NativeLibraries.withSettings(
                    JnaLibrary.settings(),
                    () -> Native.load(file.toString(), EmulatorLibrary.class));
        } catch (LinkageError e) {
            throw new DeviceException(
                    "cuda-emulated: cannot load the emulator: " + NativeLibraries.reason(e, null),
                    e);
        }
    }

    int emulator_open(long bytes, int multiprocessors);

    long emulator_allocate(long bytes);

    int emulator_free(long address);

    int emulator_renew(long address, long bytes);

    int emulator_write(long target, Pointer source, long bytes);

    int emulator_read(Pointer target, long source, long bytes);

    int emulator_copy(long target, long source, long bytes);

    int emulator_fill(long target, int value, long bytes);

    long emulator_function(String name);

    int emulator_max_threads(long function);

    boolean emulator_is_for_hopper(long function);

    void emulator_allow_shared(long function, int bytes);

    int emulator_constant(String name, IntByReference value);

    int emulator_tensor_map(
            Pointer map,
            int dataType,
            int rank,
            long address,
            long[] sizes,
            long[] strides,
            int[] box,
            int[] elementStrides,
            int interleave,
            int swizzle,
            int promotion,
            int fill);

    int emulator_launch(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int dynamicSharedBytes,
            String kinds,
            ByteBuffer arguments,
            int[] offsets,
            int[] sizes);

    int emulator_gemm(
            int dtype,
            int transposeA,
            int transposeB,
            int m,
            int n,
            int k,
            float alpha,
            long a,
            int lda,
            long b,
            int ldb,
            float beta,
            long c,
            int ldc);

    int emulator_convolve(
            int dtype,
            int[] dims,
            long x,
            long weight,
            long out,
            long workspace,
            long workspaceBytes);

    String emulator_error();
}
