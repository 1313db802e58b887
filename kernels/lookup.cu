// Rows of tables, given or computed.
//
//   embedding           out[i, :] = table[ids[i], :]; an id outside of the table gives NaN
//   timestep_embedding  out[i] = [cos(scale t[i] f_j) | sin(scale t[i] f_j)],
//                       f_j = 10000^(-j / (half - freqShift))
//
// out is f32 or bf16, the table any float dtype, ids i32, t f32. Threads stride over the elements.
//
// Entry points: {embedding, timestep_embedding}_{f32, bf16}. Launcher:
// glance.backend.cuda.LookupKernels. Test: glance.ops.parity.LookupCases.
// Benchmark: none, no case of bench kernels runs it.
#include "include/glance.cuh"

constexpr int kThreads = 256;

template <class T>
__device__ __forceinline__ void embedding(const int* ids, const void* table, int tableType, T* out,
                                          long long n, int vocab, int dim) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        int id = ids[i / dim];
        bool known = id >= 0 && id < vocab;
        float value = known ? load_any(table, static_cast<long long>(id) * dim + i % dim, tableType)
                            : nanf("");
        out[i] = from_float<T>(value);
    }
}

template <class T>
__device__ __forceinline__ void timestep_embedding(const float* t, T* out, long long n, int half,
                                                   float scale, float freqShift) {
    constexpr double kLog10000 = 9.210340371976184;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        int column = static_cast<int>(i % (2 * half));
        int j = column % half;
        // rounded to f32 where the reference implementation rounds, which large angles make
        // visible; doubles between, since sinf and cosf may be off by more than an ulp
        float exponent = -static_cast<float>(kLog10000) * j / (half - freqShift);
        float frequency = static_cast<float>(exp(static_cast<double>(exponent)));
        float angle = scale * (t[i / (2 * half)] * frequency);
        double value = column < half ? cos(static_cast<double>(angle))
                                     : sin(static_cast<double>(angle));
        out[i] = from_float<T>(static_cast<float>(value));
    }
}

#define ENTRY_POINTS(T, suffix)                                                                  \
    KERNEL(kThreads, embedding_##suffix, const int* ids, const void* table, int tableType,       \
           T* out, long long n, int vocab, int dim) {                                            \
        embedding<T>(ids, table, tableType, out, n, vocab, dim);                                 \
    }                                                                                            \
    KERNEL(kThreads, timestep_embedding_##suffix, const float* t, T* out, long long n, int half, \
           float scale, float freqShift) {                                                       \
        timestep_embedding<T>(t, out, n, half, scale, freqShift);                                \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
