// RMSNorm over each head, then rotary positions: queries and keys on their way to attention.
//
//   y = x / sqrt(mean(x^2) + eps) * weight                    arXiv 1910.07467; skipped without weight
//   (out[i], out[j]) = (y[i] cos - y[j] sin, y[j] cos + y[i] sin)   for each pair; arXiv 2104.09864
//
// Pairs of a head of 8: interleaved (0,1) (2,3) (4,5) (6,7); halves (0,4) (1,5) (2,6) (3,7).
//
// One launch for each stream: x [batch, seqLen, heads, headDim] with any strides before the last
// dimension goes to positions [start, start + seqLen) of out [batch, joinedLen, heads, headDim],
// packed; both f32 or bf16. weight [headDim], cos and sin [joinedLen, headDim / 2] f32, or [batch,
// joinedLen, headDim / 2] where samples differ; each may be absent. headDim is even if there are
// angles. Bound by memory: one read and one write of each
// element.
//
// head_norm_rope_runs, for heads of 16 to 128 in steps of 16 with everything aligned to 16 bytes:
// 8 lanes take a head, each lane 8 elements of its first half and the same 8 of its second half, in
// registers; with both pairings a lane holds whole pairs. head_norm_rope, for all else: a warp takes
// a head, a lane every 32nd pair.
//
//   headDim 64:   elements  0..7  8..15  16..23  24..31 | 32..39  40..47  48..55  56..63
//                 lane        0      1       2       3        0       1       2       3
//
// Entry points: {head_norm_rope, head_norm_rope_runs}_{f32, bf16}. Launcher:
// glance.backend.cuda.HeadNormRopeKernel. Test: glance.ops.parity.HeadNormRopeCases.
// Benchmark: bench kernels --only headnorm.rope.
#include "include/chunk.cuh"
#include "include/glance.cuh"
#include "include/layout.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;
constexpr int kLanes = 8;  // of a head in head_norm_rope_runs
constexpr int kMaxRunsHeadDim = 2 * kLanes * kChunk;
EXPORT_CONSTANT(head_norm_rope_heads_of_block, kThreads / kLanes);
EXPORT_CONSTANT(head_norm_rope_max_runs_head_dim, kMaxRunsHeadDim);
EXPORT_CONSTANT(head_norm_rope_run, kChunk);

// Sizes of the stream and where it goes.
struct Stream {
    int batch, seqLen, heads, headDim, start, joinedLen;
};

struct Angles {
    const float* cos;  // null for none
    const float* sin;
    int interleaved;
    int rowsOfSample;  // 0 if all samples have the same
};

// A head of a token: where it is read and written, and its row of the angles.
template <class T>
struct Head {
    const T* x;
    T* out;
    long long angle;
    bool exists;

    __device__ __forceinline__ Head(const T* x, HeadStrides strides, T* out, const Stream& s,
                                    const Angles& angles, long long item) {
        int head = static_cast<int>(item % s.heads);
        int row = static_cast<int>(item / s.heads % s.seqLen);
        long long sample = item / s.heads / s.seqLen;
        exists = sample < s.batch;
        long long position = s.start + row;
        angle = sample * angles.rowsOfSample + position;
        this->x = x + sample * strides.batch + row * strides.row + head * strides.head;
        this->out = out + ((sample * s.joinedLen + position) * s.heads + head) * s.headDim;
    }
};

template <class T>
__device__ __forceinline__ void head_norm_rope(const T* x, HeadStrides strides, const float* weight,
                                               float eps, const Angles& angles, T* out,
                                               const Stream& stream) {
    long long item = static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) +
                     threadIdx.x / kWarpSize;
    Head<T> own(x, strides, out, stream, angles, item);
    if (!own.exists) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    int headDim = stream.headDim;
    float inverse = 1.0f;
    if (weight != nullptr) {
        float squares = 0.0f;
        for (int d = lane; d < headDim; d += kWarpSize) {
            float v = to_float(own.x[d]);
            squares += v * v;
        }
        inverse = 1.0f / sqrtf(warp_sum(squares) / headDim + eps);
    }
    auto normed = [&](int d) {
        float v = to_float(own.x[d]) * inverse;
        return weight == nullptr ? v : v * weight[d];
    };
    if (angles.cos == nullptr) {
        for (int d = lane; d < headDim; d += kWarpSize) {
            own.out[d] = from_float<T>(normed(d));
        }
        return;
    }
    int half = headDim / 2;
    for (int j = lane; j < half; j += kWarpSize) {
        int first = angles.interleaved ? 2 * j : j;
        int second = angles.interleaved ? 2 * j + 1 : j + half;
        float a = normed(first);
        float b = normed(second);
        float c = angles.cos[own.angle * half + j];
        float s = angles.sin[own.angle * half + j];
        own.out[first] = from_float<T>(a * c - b * s);
        own.out[second] = from_float<T>(b * c + a * s);
    }
}

// Turns four interleaved pairs; cos and sin are those of the first of them.
__device__ __forceinline__ void turn_neighbours(float (&v)[kChunk], const float* cos,
                                                const float* sin) {
    float4 c4 = *reinterpret_cast<const float4*>(cos);
    float4 s4 = *reinterpret_cast<const float4*>(sin);
    float c[] = {c4.x, c4.y, c4.z, c4.w};
    float s[] = {s4.x, s4.y, s4.z, s4.w};
#pragma unroll
    for (int i = 0; i < kChunk / 2; ++i) {
        float a = v[2 * i];
        float b = v[2 * i + 1];
        v[2 * i] = a * c[i] - b * s[i];
        v[2 * i + 1] = b * c[i] + a * s[i];
    }
}

// Turns the pairs (low[i], high[i]).
__device__ __forceinline__ void turn_halves(float (&low)[kChunk], float (&high)[kChunk],
                                            const float* cos, const float* sin) {
    float c[kChunk];
    float s[kChunk];
    load_chunk(c, cos, kChunk, true);
    load_chunk(s, sin, kChunk, true);
#pragma unroll
    for (int i = 0; i < kChunk; ++i) {
        float a = low[i];
        float b = high[i];
        low[i] = a * c[i] - b * s[i];
        high[i] = b * c[i] + a * s[i];
    }
}

__device__ __forceinline__ void scale_run(float (&v)[kChunk], const float* weight, float inverse) {
    float w[kChunk];
    load_chunk(w, weight, kChunk, true);
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
        v[e] *= inverse * w[e];
    }
}

template <class T>
__device__ __forceinline__ void head_norm_rope_runs(const T* x, HeadStrides strides,
                                                    const float* weight, float eps,
                                                    const Angles& angles, T* out,
                                                    const Stream& stream) {
    long long item = (static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
    Head<T> own(x, strides, out, stream, angles, item);
    int half = stream.headDim / 2;
    int first = static_cast<int>(threadIdx.x % kLanes) * kChunk;  // of each half
    bool takesPart = own.exists && first < half;
    float low[kChunk] = {};
    float high[kChunk] = {};
    if (takesPart) {
        load_chunk(low, own.x + first, kChunk, true);
        load_chunk(high, own.x + half + first, kChunk, true);
    }
    if (weight != nullptr) {
        float squares = 0.0f;
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            squares += low[e] * low[e] + high[e] * high[e];
        }
        float inverse = 1.0f / sqrtf(group_sum(squares, kLanes) / stream.headDim + eps);
        if (takesPart) {
            scale_run(low, weight + first, inverse);
            scale_run(high, weight + half + first, inverse);
        }
    }
    if (!takesPart) {
        return;
    }
    if (angles.cos != nullptr) {
        long long at = own.angle * half;
        if (angles.interleaved) {
            long long pair = at + first / 2;
            turn_neighbours(low, angles.cos + pair, angles.sin + pair);
            pair += half / 2;
            turn_neighbours(high, angles.cos + pair, angles.sin + pair);
        } else {
            turn_halves(low, high, angles.cos + at + first, angles.sin + at + first);
        }
    }
    store_chunk(own.out + first, low, kChunk, true);
    store_chunk(own.out + half + first, high, kChunk, true);
}

#define ENTRY_POINT(name, T, suffix)                                                           \
    KERNEL(kThreads, name##_##suffix, const T* x, HeadStrides strides, const float* weight,    \
           float eps, const float* cos, const float* sin, int interleaved, T* out, int batch,  \
           int seqLen, int heads, int headDim, int start, int joinedLen, int rowsOfSample) {   \
        name<T>(x, strides, weight, eps, {cos, sin, interleaved, rowsOfSample}, out,           \
                {batch, seqLen, heads, headDim, start, joinedLen});                            \
    }

ENTRY_POINT(head_norm_rope, float, f32)
ENTRY_POINT(head_norm_rope, bf16, bf16)
ENTRY_POINT(head_norm_rope_runs, float, f32)
ENTRY_POINT(head_norm_rope_runs, bf16, bf16)
