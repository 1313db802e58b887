package glance.backend.cuda.driver;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import glance.api.DeviceException;
import glance.io.JnaLibrary;
import glance.io.NativeLibraries;
import glance.tensor.DType;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * cuTensorMapEncodeTiled, which JCuda does not bind: of the NVIDIA driver through JNA, or of the
 * emulator, which takes the same arguments.
 */
@FunctionalInterface
interface TensorMapEncoder {
    /** The function of libcuda. */
    interface Cuda extends Library {
        int cuTensorMapEncodeTiled(
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
    }

    /** With the arguments of the function; 0 for success. */
    int encode(
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

    /**
     * That of the NVIDIA driver.
     *
     * @throws DeviceException if it cannot be loaded, with the cause
     */
    static TensorMapEncoder ofNvidia() {
        try {
            return NativeLibraries.withSettings(
                    JnaLibrary.settings(),
                    () -> Native.load("libcuda.so.1", Cuda.class)::cuTensorMapEncodeTiled);
        } catch (LinkageError e) {
            throw new DeviceException(
                    "the NVIDIA driver cannot be loaded: " + NativeLibraries.reason(e, null), e);
        }
    }

    /** Asks for a map; lines of 256 bytes come into the L2 cache, and zeros from outside. */
    default TensorMap map(TensorTiles tiles) {
        try (Memory map = new Memory(TensorMap.BYTES + TensorMap.ALIGNMENT)) {
            Pointer aligned = map.align(TensorMap.ALIGNMENT);
            int rank = tiles.sizes().size();
            int[] elementStrides = new int[rank];
            Arrays.fill(elementStrides, 1);
            int result =
                    encode(
                            aligned,
                            dataType(tiles.dtype()),
                            rank,
                            tiles.address(),
                            tiles.sizes().stream().mapToLong(Long::longValue).toArray(),
                            strides(tiles),
                            tiles.box().stream().mapToInt(Integer::intValue).toArray(),
                            elementStrides,
                            0, // not interleaved
                            tiles.swizzled() ? 3 : 0, // CU_TENSOR_MAP_SWIZZLE_128B
                            3, // CU_TENSOR_MAP_L2_PROMOTION_L2_256B
                            0); // zeros
            if (result != 0) {
                throw new DeviceException(
                        "CUDA: cuTensorMapEncodeTiled of " + tiles + " failed with " + result);
            }
            return TensorMap.of(
                    aligned.getByteBuffer(0, TensorMap.BYTES).order(ByteOrder.nativeOrder()));
        }
    }

    /** Never empty: C does not know arrays without elements. */
    private static long[] strides(TensorTiles tiles) {
        long[] strides = new long[tiles.sizes().size()];
        for (int i = 0; i + 1 < strides.length; i++) {
            strides[i] = tiles.strides().get(i);
        }
        return strides;
    }

    /** CUtensorMapDataType. */
    private static int dataType(DType dtype) {
        return switch (dtype) {
            case F16 -> 6;
            case F32 -> 7;
            case BF16 -> 9;
            default -> {
                if (dtype.bytes() != 1) {
                    throw new IllegalArgumentException("no tensor map of dtype " + dtype);
                }
                yield 0; // bytes
            }
        };
    }
}
