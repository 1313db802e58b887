package glance.backend.cuda.driver;

import com.sun.jna.Native;
import glance.backend.MathLibrary;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import jcuda.driver.CUstream;

/**
 * Runs products and convolutions through the real bindings, on whatever libcublas.so.12 and
 * libcudnn.so.8 the loader finds, with host memory in the place of device memory. A program of its
 * own: a process looks for libraries once.
 */
final class BoundLibraries {
    private BoundLibraries() {}

    /** An array that a library can reach; values are small whole numbers, exact in BF16. */
    private record Array(DType dtype, ByteBuffer bytes) {
        static Array of(DType dtype, int count, int seed) {
            int size = count * dtype.bytes();
            ByteBuffer bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
            Array array = new Array(dtype, bytes);
            for (int i = 0; i < count; i++) {
                array.set(i, (i * 7 + seed) % 5 - 2);
            }
            return array;
        }

        long address() {
            return com.sun.jna.Pointer.nativeValue(Native.getDirectBufferPointer(bytes));
        }

        void set(int i, float value) {
            if (dtype == DType.F32) {
                bytes.putFloat(4 * i, value);
            } else {
                bytes.putShort(2 * i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }

        float get(int i) {
            return dtype == DType.F32
                    ? bytes.getFloat(4 * i)
                    : Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
        }
    }

    /**
     * With the argument {@code find}, prints for each library "found" or its problem; with {@code
     * use}, for each library and dtype "right" or what came out wrong.
     */
    public static void main(String[] args) {
        for (MathLibrary library : MathLibrary.values()) {
            if (args[0].equals("find")) {
                String problem = NvidiaLibraries.loadingProblem(library);
                String again = NvidiaLibraries.loadingProblem(library);
                print(library, problem == null ? "found" : problem);
                if (!Objects.equals(problem, again)) {
                    print(library, "asked again: " + again);
                }
            } else {
                for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
                    print(library, library == MathLibrary.CUBLAS ? gemm(dtype) : convolve(dtype));
                }
            }
        }
    }

    private static void print(MathLibrary library, String line) {
        System.out.println(library.variant() + ": " + line);
    }

    /** C [4, 3] = 2 A^T B - C, with columns apart: all sizes differ, so no two can be mistaken. */
    private static String gemm(DType dtype) {
        int m = 4;
        int n = 3;
        int k = 5;
        int lda = 6;
        int ldb = 7;
        int ldc = 8;
        Array a = Array.of(dtype, lda * m, 1);
        Array b = Array.of(dtype, ldb * n, 2);
        Array c = Array.of(dtype, ldc * n, 3);
        Array before = Array.of(dtype, ldc * n, 3);
        Array workspace = Array.of(DType.F32, 1, 0);
        try (Gemm gemm = new CublasGemm(() -> {}, new CUstream(), workspace.address())) {
            gemm.multiply(
                    new Gemm.Product(
                            dtype,
                            m,
                            n,
                            k,
                            2,
                            new Gemm.Matrix(a.address(), lda, true),
                            new Gemm.Matrix(b.address(), ldb, false),
                            -1,
                            c.address(),
                            ldc));
        }
        for (int at = 0; at < ldc * n; at++) {
            int i = at % ldc;
            int j = at / ldc;
            float expected = before.get(at);
            if (i < m) {
                float sum = 0;
                for (int l = 0; l < k; l++) {
                    sum += a.get(l + i * lda) * b.get(l + j * ldb);
                }
                expected = 2 * sum - expected;
            }
            if (c.get(at) != expected) {
                return dtype + " element " + at + " is " + c.get(at) + ", not " + expected;
            }
        }
        return dtype + " right";
    }

    /** A convolution whose sizes all differ. */
    private static String convolve(DType dtype) {
        Convolution.Geometry g = new Convolution.Geometry(dtype, 2, 7, 6, 3, 4, 3, 2, 2, 1, 0);
        Array x = Array.of(dtype, g.batch() * g.height() * g.width() * g.channels(), 1);
        int taps = g.kernelHeight() * g.kernelWidth();
        Array weight = Array.of(dtype, g.filters() * taps * g.channels(), 2);
        int count = g.batch() * g.outHeight() * g.outWidth() * g.filters();
        Array out = Array.of(dtype, count, 3);
        try (Convolution convolution = new CudnnConvolution(() -> {}, new CUstream())) {
            Array workspace = Array.of(DType.F32, (int) convolution.workspaceBytes(g), 0);
            convolution.convolve(
                    g, x.address(), weight.address(), out.address(), workspace.address());
        }
        for (int at = 0; at < count; at++) {
            float expected = window(g, x, weight, at);
            if (out.get(at) != expected) {
                return dtype + " element " + at + " is " + out.get(at) + ", not " + expected;
            }
        }
        return dtype + " right";
    }

    private static float window(Convolution.Geometry g, Array x, Array weight, int at) {
        int filter = at % g.filters();
        int column = at / g.filters() % g.outWidth();
        int row = at / g.filters() / g.outWidth() % g.outHeight();
        int sample = at / g.filters() / g.outWidth() / g.outHeight();
        float sum = 0;
        for (int i = 0; i < g.kernelHeight(); i++) {
            for (int j = 0; j < g.kernelWidth(); j++) {
                int y = row * g.stride() + i - g.padHeight();
                int z = column * g.stride() + j - g.padWidth();
                if (y < 0 || y >= g.height() || z < 0 || z >= g.width()) {
                    continue;
                }
                int pixel = (sample * g.height() + y) * g.width() + z;
                int tap = (filter * g.kernelHeight() + i) * g.kernelWidth() + j;
                for (int c = 0; c < g.channels(); c++) {
                    sum += x.get(pixel * g.channels() + c) * weight.get(tap * g.channels() + c);
                }
            }
        }
        return sum;
    }
}
