// Norms over the last dimension.
//
//   rms_norm    out = act(x / sqrt(mean(x^2) + eps) * weight)            arXiv 1910.07467
//   layer_norm  out = n * weight + bias, then * (1 + scale[b]) + shift[b]; arXiv 2212.09748
//               n = (x - mean) / sqrt(var + eps)
//
// x [batch, seqLen, dim] with any strides of batch and row, out packed, both f32 or bf16; weight and
// bias [dim] f32, scale and shift [batch or 1, dim] of the type of x; each may be absent. A group of
// lanes of a warp takes a row, a lane runs of 8 elements. Sums are f32 in a fixed order. Bound by
// memory: x is read from global memory once, out written once.
//
//   dim 96, lanes 16:   warp | row 0: lanes 0 to 11 read 8 elements each | row 1: lanes 16 to 27 |
//
// Held rows, bf16 in aligned runs, up to 24 of them a lane (6,144 elements with 32 lanes), stay in
// registers as they were read: 4 for a run. Others are read again for each pass, from L1. Sums have
// the same order. Slots an element, all passes, counted for sm_90: layer norm and modulation 14.1 for
// held rows, 26 for others; rms norm 6.8 and 12.6. A held row's scale and shift are one multiply-add,
// so that before its rounding to bf16 the result has one rounding less.
//
// Entry points: {rms_norm, layer_norm}_{f32, bf16}, and _{1, 4, 8, 12, 16, 24}_bf16 by the runs of a
// lane that are held; lanes is a power of two from 1 to 32. layer_norm_rounded of held rows with scale
// and shift writes out in e4m3 with a scale a row too, what quantise_rows of linear_w8a8.cu makes of out,
// to the bit: results take the place of x in the registers (24.5 slots an element in all). Launcher:
// glance.backend.cuda.NormKernels. Test: glance.ops.parity.NormCases.
// Benchmark: bench kernels --only 'layernorm|channelnorm'.
#include "include/activation.cuh"
#include "include/chunk.cuh"
#include "include/glance.cuh"
#include "include/reduce.cuh"
#include "include/rounded_rows.cuh"

constexpr int kThreads = 128;
EXPORT_CONSTANT(norm_threads, kThreads);
EXPORT_CONSTANT(norm_elements_each, kChunk);

// The row of a group of lanes. Groups without a row stay for the sums of their warp.
template <class T>
struct GroupRow {
    static constexpr bool isHeld = false;

    int lanes;
    long long index;
    long long batch;
    int dim;  // 0 if there is no such row
    const T* x;
    T* out;
    bool whole;  // rows can be moved in 16 bytes

    __device__ __forceinline__ GroupRow(const T* x, long long batchStride, long long rowStride,
                                        T* out, long long rows, int seqLen, int dim, int lanes)
        : lanes(lanes),
          index((static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x) / lanes),
          batch(index / seqLen),
          dim(index < rows ? dim : 0),
          x(x + batch * batchStride + index % seqLen * rowStride),
          out(out + index * dim),
          whole(is_aligned(x, 16) && is_aligned(out, 16) &&
                (batchStride | rowStride | dim) % kChunk == 0) {}

    // Calls body(first element, elements, values) for the runs of this lane.
    template <class Body, int unrolled = 4>
    __device__ __forceinline__ void each(Body body) const {
        int lane = threadIdx.x % lanes;
#pragma unroll (unrolled)
        for (int d = lane * kChunk; d < dim; d += lanes * kChunk) {
            float values[kChunk];
            load_chunk(values, x + d, dim - d, whole);
            body(d, dim - d, values);
        }
    }

    template <class Body>
    __device__ __forceinline__ void each_again(Body body) const {
        each(body);
    }

    __device__ __forceinline__ float sum(float x) const { return group_sum(x, lanes); }
};

// A row of which each lane holds its runs, at most `runs`.
template <int runs>
struct HeldRow : GroupRow<bf16> {
    static constexpr bool isHeld = true;
    static constexpr bool whole = true;

    uint4 held[runs];

    template <class... A>
    __device__ __forceinline__ explicit HeldRow(A... arguments) : GroupRow<bf16>(arguments...) {
        at_each([&](int i, int d) { held[i] = *reinterpret_cast<const uint4*>(x + d); });
    }

    template <class Body>
    __device__ __forceinline__ void each(Body body) const {
        at_each([&](int i, int d) {
            float values[kChunk];
            unpack_chunk(values, held[i]);
            body(d, kChunk, values);
        });
    }

    // Reads the row once more: for a pass that is rarely wanted, in little code.
    template <class Body>
    __device__ __forceinline__ void each_again(Body body) const {
        GroupRow<bf16>::each<Body, 1>(body);
    }

    // Calls body like each; what it makes of the values, in bf16, takes their place.
    template <class Body>
    __device__ __forceinline__ void replace(Body body) {
        at_each([&](int i, int d) {
            float values[kChunk];
            unpack_chunk(values, held[i]);
            body(d, kChunk, values);
            store_chunk(reinterpret_cast<bf16*>(&held[i]), values, kChunk, true);
        });
    }

    __device__ __forceinline__ float sum(float x) const {
        return runs == 1 ? group_sum(x, lanes) : warp_sum(x);
    }

    __device__ __forceinline__ float max(float x) const {
        return runs == 1 ? group_max(x, lanes) : warp_max(x);
    }

    // Writes the row in e4m3, and its scale.
    __device__ __forceinline__ void round(f8_e4m3* q, float* scales) const {
        float largest = 0.0f;
        each([&](int, int, const float(&v)[kChunk]) { largest = larger_of(largest, v); });
        RowRounding rounding(max(largest));
        q += index * dim;
        each([&](int d, int, float(&v)[kChunk]) { rounding.store(q + d, v); });
        if (threadIdx.x % lanes == 0 && dim > 0) {
            scales[index] = rounding.scale;
        }
    }

   private:
    template <class Body>
    __device__ __forceinline__ void at_each(Body body) const {
        int first = threadIdx.x % (runs == 1 ? lanes : kWarpSize) * kChunk;
#pragma unroll
        for (int i = 0; i < runs; ++i) {
            int d = first + i * kWarpSize * kChunk;
            if (d < dim) {
                body(i, d);
            }
        }
    }
};

// values *= (or +=) elements d to d + 7 of a row of parameters, where there is one.
template <class P, class Combine>
__device__ __forceinline__ void with_parameters(float (&values)[kChunk], const P* parameters,
                                                int d, int left, bool whole, Combine combine) {
    if (parameters != nullptr) {
        float p[kChunk];
        load_chunk(p, parameters + d, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            values[e] = combine(values[e], p[e]);
        }
    }
}

template <class T, class Row>
__device__ __forceinline__ void rms_norm(const Row& row, const float* weight, int dim, float eps,
                                         int activation) {
    float squares = 0.0f;
    row.each([&](int, int, const float(&v)[kChunk]) {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            squares += v[e] * v[e];
        }
    });
    float inverse = 1.0f / sqrtf(row.sum(squares) / dim + eps);
    bool whole = row.whole && is_aligned(weight, 16);
    auto finish = [&](int d, int left, float(&v)[kChunk], int function) {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            v[e] *= inverse;
        }
        with_parameters(v, weight, d, left, whole, [](float a, float w) { return a * w; });
        activate<T>(function, v);
        store_chunk(row.out + d, v, left, row.whole);
    };
    if (Row::isHeld && activation == kNone && whole && weight != nullptr) {
        row.each([&](int d, int left, float(&v)[kChunk]) { finish(d, left, v, kNone); });
    } else {
        row.each_again([&](int d, int left, float(&v)[kChunk]) { finish(d, left, v, activation); });
    }
}

// Mean of a row, and what its differences from it are multiplied by.
struct Moments {
    float mean, inverse;

    template <class Row>
    __device__ __forceinline__ Moments(const Row& row, int dim, float eps) {
        float sum = 0.0f;
        row.each([&](int, int, const float(&v)[kChunk]) {
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                sum += v[e];
            }
        });
        mean = row.sum(sum) / dim;
        // a pass of its own: E[x^2] - mean^2 cancels when the mean is large
        float squares = 0.0f;
        row.each([&](int, int left, const float(&v)[kChunk]) {
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                float difference = e < left ? v[e] - mean : 0.0f;
                squares += difference * difference;
            }
        });
        inverse = 1.0f / sqrtf(row.sum(squares) / dim + eps);
    }
};

// What follows the moments; each may be absent. The strides are 0 if all samples share one row.
template <class T>
struct Modulation {
    const float* weight;
    const float* bias;
    const T* scale;
    long long scaleStride;
    const T* shift;
    long long shiftStride;

    // Whether all of them are read in runs of 16 bytes.
    __device__ __forceinline__ bool is_whole() const {
        return is_aligned(weight, 16) && is_aligned(bias, 16) && is_aligned(scale, 16) &&
               is_aligned(shift, 16) && (scaleStride | shiftStride) % kChunk == 0;
    }

    // That of a sample. A group without a row reads nothing, so that where these point does not matter.
    __device__ __forceinline__ Modulation of(long long sample) const {
        return {weight,
                bias,
                scale == nullptr ? nullptr : scale + sample * scaleStride,
                scaleStride,
                shift == nullptr ? nullptr : shift + sample * shiftStride,
                shiftStride};
    }

    // Makes elements d to d + 7 of the result and writes them.
    template <class Row>
    __device__ __forceinline__ void finish(const Row& row, const Moments& moments, int d, int left,
                                           float (&v)[kChunk], bool whole) const {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            v[e] = (v[e] - moments.mean) * moments.inverse;
        }
        with_parameters(v, weight, d, left, whole, [](float a, float w) { return a * w; });
        with_parameters(v, bias, d, left, whole, [](float a, float b) { return a + b; });
        with_parameters(v, scale, d, left, whole, [](float a, float s) { return a * (1.0f + s); });
        with_parameters(v, shift, d, left, whole, [](float a, float s) { return a + s; });
        store_chunk(row.out + d, v, left, row.whole);
    }
};

template <class T, class Row>
__device__ __forceinline__ void layer_norm(const Row& row, const Modulation<T>& all, int dim,
                                           float eps) {
    Moments moments(row, dim, eps);
    bool whole = row.whole && all.is_whole();
    Modulation<T> own = all.of(row.batch);
    if (Row::isHeld && whole && own.weight == nullptr && own.bias == nullptr &&
        own.scale != nullptr && own.shift != nullptr) {
        Modulation<T> plain = {nullptr, nullptr, own.scale, 0, own.shift, 0};
        row.each([&](int d, int left, float(&v)[kChunk]) {
            plain.finish(row, moments, d, left, v, true);
        });
    } else {
        row.each_again([&](int d, int left, float(&v)[kChunk]) {
            own.finish(row, moments, d, left, v, whole);
        });
    }
}

#define ENTRY_POINTS(T, suffix, Row)                                                              \
    KERNEL(kThreads, rms_norm_##suffix, const T* x, long long batchStride, long long rowStride,   \
           const float* weight, T* out, long long rows, int seqLen, int dim, int lanes,           \
           float eps, int activation) {                                                           \
        Row row(x, batchStride, rowStride, out, rows, seqLen, dim, lanes);                        \
        rms_norm<T>(row, weight, dim, eps, activation);                                           \
    }                                                                                             \
    KERNEL(kThreads, layer_norm_##suffix, const T* x, long long batchStride, long long rowStride, \
           const float* weight, const float* bias, const T* scale, long long scaleStride,         \
           const T* shift, long long shiftStride, T* out, long long rows, int seqLen, int dim,    \
           int lanes, float eps) {                                                                \
        Row row(x, batchStride, rowStride, out, rows, seqLen, dim, lanes);                        \
        layer_norm<T>(row, {weight, bias, scale, scaleStride, shift, shiftStride}, dim, eps);     \
    }

ENTRY_POINTS(float, f32, GroupRow<float>)
ENTRY_POINTS(bf16, bf16, GroupRow<bf16>)
ENTRY_POINTS(bf16, 1_bf16, HeldRow<1>)
ENTRY_POINTS(bf16, 4_bf16, HeldRow<4>)
ENTRY_POINTS(bf16, 8_bf16, HeldRow<8>)
ENTRY_POINTS(bf16, 12_bf16, HeldRow<12>)
ENTRY_POINTS(bf16, 16_bf16, HeldRow<16>)
ENTRY_POINTS(bf16, 24_bf16, HeldRow<24>)

// Scale and shift are there, in aligned runs.
#define ROUNDED(runs)                                                                             \
    KERNEL(kThreads, layer_norm_rounded_##runs##_bf16, const bf16* x, long long batchStride,      \
           long long rowStride, const bf16* scale, long long scaleStride, const bf16* shift,      \
           long long shiftStride, bf16* out, long long rows, int seqLen, int dim, int lanes,      \
           float eps, f8_e4m3* q, float* scales) {                                                \
        HeldRow<runs> row(x, batchStride, rowStride, out, rows, seqLen, dim, lanes);              \
        Moments moments(row, dim, eps);                                                           \
        Modulation<bf16> all = {nullptr, nullptr, scale, scaleStride, shift, shiftStride};        \
        Modulation<bf16> own = all.of(row.batch);                                                 \
        row.replace([&](int d, int left, float(&v)[kChunk]) {                                     \
            own.finish(row, moments, d, left, v, true);                                           \
        });                                                                                       \
        row.round(q, scales);                                                                     \
    }

ROUNDED(1)
ROUNDED(4)
ROUNDED(8)
ROUNDED(12)
ROUNDED(16)
ROUNDED(24)
