// Rows turned by a Hadamard matrix, and scaled: x and adapters beside weights that are stored rotated.
//
//   out[r, :] = scales[r] * (x[r, :] R)          arXiv 2512.03673 (ConvRot); 1 where scales is null
//   R = H (x) ... (x) H for each `group` columns, with the symmetric R R = I; group 1 leaves x
//
//           1 |  1  1  1 -1 |      a quadruple (a, b, c, d) becomes (h - d, h - c, h - b, h - a)
//   H =    -- |  1  1 -1  1 |      with h = (a + b + c + d) / 2
//           2 |  1 -1  1  1 |
//             | -1  1  1  1 |
//
// x and out [rows, columns], f32 or bf16, packed; scales [rows] f32. group is a power of 4 up to 1024
// that divides columns. A block takes 1024 elements, which are whole groups, into shared memory in
// f32, and turns quadruples of elements 1, 4, 16, ... apart, pass by pass. Bound by memory: each
// element is read once and written once.
//
// Entry points: rotate_{f32, bf16}. Launcher: glance.backend.cuda.RotateKernel.
// Test: glance.ops.parity.RotateCases. Benchmark: bench kernels --only rotate.
#include "include/glance.cuh"

constexpr int kThreads = 256;
constexpr int kEach = 4;  // a thread turns a quadruple at a time
constexpr int kTile = kEach * kThreads;
EXPORT_CONSTANT(rotate_tile, kTile);

template <class T>
__device__ __forceinline__ void rotate(const T* x, const float* scales, T* out, long long n,
                                       int columns, int group) {
    SHARED_ARRAY(float, tile, [kTile]);
    long long start = static_cast<long long>(blockIdx.x) * kTile;
    int thread = static_cast<int>(threadIdx.x);
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
        int i = thread + k * kThreads;
        tile[i] = start + i < n ? to_float(x[start + i]) : 0.0f;
    }
    for (int apart = 1; apart < group; apart *= kEach) {
        __syncthreads();  // another thread has read or turned these elements before
        float* q = tile + thread / apart * kEach * apart + thread % apart;
        float a = q[0];
        float b = q[apart];
        float c = q[2 * apart];
        float d = q[3 * apart];
        float half = 0.5f * ((a + b) + (c + d));
        q[0] = half - d;
        q[apart] = half - c;
        q[2 * apart] = half - b;
        q[3 * apart] = half - a;
    }
    __syncthreads();  // all passes are done
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
        int i = thread + k * kThreads;
        if (start + i < n) {
            float scale = scales == nullptr ? 1.0f : scales[(start + i) / columns];
            out[start + i] = from_float<T>(scale * tile[i]);
        }
    }
}

#define ENTRY_POINT(T, suffix)                                                                  \
    KERNEL(kThreads, rotate_##suffix, const T* x, const float* scales, T* out, long long n,     \
           int columns, int group) {                                                            \
        rotate<T>(x, scales, out, n, columns, group);                                           \
    }

ENTRY_POINT(float, f32)
ENTRY_POINT(bf16, bf16)
