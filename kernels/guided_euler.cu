// Classifier-free guidance (arXiv 2207.12598) with the norm rescale of Qwen-Image or the norm limit of
// Z-Image, and the Euler step of the sampler, as one operation.
//
//   g = n + guidance (v - n), rescaled to g |v| / |g| per token if asked; out = latents + dt g
//   limited: g min(1, limit |v| / |g|), both lengths over the whole sample
//
// Without a negative velocity n, g is v. All [batch, tokens, channels], packed, f32 or bf16. A warp
// takes a token; limited, a block takes a sample: it reads twice, 1 MB or so, once in many
// milliseconds of a step, so that one launch is worth more than more blocks. Bound by memory.
//
// Entry points: {guided_euler, guided_euler_limited}_{f32, bf16}. Launcher: glance.backend.cuda.GuidedEulerKernel. Test:
// glance.ops.parity.GuidedEulerCases.
// Benchmark: bench kernels --only guided.euler.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;
constexpr int kLimitedThreads = 1024;  // few samples, so as many threads as a block has

template <class T>
__device__ __forceinline__ void guided_euler(const T* latents, const T* velocity,
                                             const T* negative, float guidance, int rescale,
                                             float dt, T* out, long long tokens, int channels) {
    long long token = static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) +
                      threadIdx.x / kWarpSize;
    if (token >= tokens) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    long long at = token * channels;
    auto guided = [&](int c) {
        float v = to_float(velocity[at + c]);
        if (negative == nullptr) {
            return v;
        }
        float n = to_float(negative[at + c]);
        return n + guidance * (v - n);
    };
    float length = 1.0f;
    if (negative != nullptr && rescale) {
        float before = 0.0f;
        float after = 0.0f;
        for (int c = lane; c < channels; c += kWarpSize) {
            float v = to_float(velocity[at + c]);
            float g = guided(c);
            before += v * v;
            after += g * g;
        }
        before = warp_sum(before);
        after = warp_sum(after);
        length = after > 0.0f ? sqrtf(before / after) : 1.0f;
    }
    for (int c = lane; c < channels; c += kWarpSize) {
        out[at + c] = from_float<T>(to_float(latents[at + c]) + dt * (guided(c) * length));
    }
}

template <class T>
__device__ __forceinline__ void guided_euler_limited(const T* latents, const T* velocity,
                                                     const T* negative, float guidance,
                                                     float limit, float dt, T* out,
                                                     long long elements) {
    long long at = blockIdx.x * elements;
    auto guided = [&](long long i) {
        float n = to_float(negative[at + i]);
        return n + guidance * (to_float(velocity[at + i]) - n);
    };
    float before = 0.0f;
    float after = 0.0f;
    for (long long i = threadIdx.x; i < elements; i += kLimitedThreads) {
        float v = to_float(velocity[at + i]);
        float g = guided(i);
        before += v * v;
        after += g * g;
    }
    float longest = limit * sqrtf(block_sum(before));
    float length = sqrtf(block_sum(after));
    float factor = length > longest ? longest / length : 1.0f;
    for (long long i = threadIdx.x; i < elements; i += kLimitedThreads) {
        out[at + i] = from_float<T>(to_float(latents[at + i]) + dt * (guided(i) * factor));
    }
}

#define ENTRY_POINTS(T, suffix)                                                                  \
    KERNEL(kThreads, guided_euler_##suffix, const T* latents, const T* velocity,                 \
           const T* negative, float guidance, int rescale, float dt, T* out, long long tokens,   \
           int channels) {                                                                       \
        guided_euler<T>(latents, velocity, negative, guidance, rescale, dt, out, tokens,         \
                        channels);                                                               \
    }                                                                                            \
    KERNEL(kLimitedThreads, guided_euler_limited_##suffix, const T* latents, const T* velocity,  \
           const T* negative, float guidance, float limit, float dt, T* out,                     \
           long long elements) {                                                                 \
        guided_euler_limited<T>(latents, velocity, negative, guidance, limit, dt, out,           \
                                elements);                                                       \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
