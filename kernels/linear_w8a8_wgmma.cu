// linear_w8a8.cu's product for Hopper: wgmma of e4m3, fed by bulk copies; f32 sums.
//
//   linear  out = residual + gate * act(c (q W^T) + bias + S B^T),  S = scale x A^T diag(scales)
//
// q [rows, in] e4m3 and c [rows] f32, x rounded with a scale a row, are made before by quantise_rows of
// linear_w8a8.cu, or by the norm that made x; in is a multiple of 16. W [out, in] e4m3; S and B as in
// linear_wgmma.cu, which this is but for its wide slices: 128 elements of e4m3 in the same 128 bytes of
// a row, so that stages, copies and the walk of the tiles are the same (include/wgmma_product.cuh).
//
//   linear_w8a8_wgmma_{256, 128}   tiles of 128 x that many results. The sums of q and W are multiplied
//                                  by c in registers before the slices of S and B come, in the same
//                                  pipeline. A wgmma is 32 deep and takes as long as one of bf16 that
//                                  is 16 deep. Bound by the tensor cores.
//   .._pairs                       the same by clusters of two blocks, as in linear_wgmma.cu
//
// Hopper's tensor cores are reported to add products of e4m3 with about 14 bits (kernels/README.md).
//
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.LinearW8A8Wgmma. Test: glance.ops.parity.W8A8Test.
// Benchmark: none, bench kernels holds products to exact activations; bench denoise times a model.
#include "include/glance.cuh"
#include "include/wgmma_low.cuh"
#include "include/wgmma_product.cuh"

// The products of a slice of e4m3, as one group that is not waited for.
template <int n>
__device__ __forceinline__ void multiply_e4m3(float (&d)[n / 2], const Stage<n>& stage,
                                              bool accumulate) {
    unsigned long long left = left_of(stage);
    unsigned long long right = matrix_descriptor(stage.right, 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_e4m3(d, advanced(left, kStepBytes * k), advanced(right, kStepBytes * k),
                   accumulate || k > 0);
    }
    wgmma_commit();
}

// The scales of the two rows of which a lane has sums.
struct RowScales {
    float upper, lower;

    __device__ __forceinline__ RowScales(const float* scales, int firstRow, int rows) {
        int row = firstRow + static_cast<int>(threadIdx.x) % kWarpSize / 4;
        upper = row < rows ? scales[row] : 0.0f;
        lower = row + 8 < rows ? scales[row + 8] : 0.0f;
    }

    template <int half>
    __device__ __forceinline__ void multiply(float (&d)[half]) const {
#pragma unroll
        for (int i = 0; i < half; i += 4) {
            d[i] *= upper;
            d[i + 1] *= upper;
            d[i + 2] *= lower;
            d[i + 3] *= lower;
        }
    }
};

template <int n, int blocks>
__device__ __forceinline__ void linear(const Maps& maps, const Sizes& sizes,
                                       const Epilogue<bf16>& epilogue, bf16* out,
                                       const float* scales) {
    make_tiles<f8_e4m3, n, kAlongDepth, blocks>(
        maps, sizes, LowBefore(), epilogue, out,
        [&](float (&d)[n / 2], Stages<n, blocks>& stages, int firstRow, int rows) {
            RowScales own(scales, firstRow, rows);  // read while the first slices arrive
            stages.use(sizes.wide_slices<f8_e4m3>(), d, [&](const Stage<n>& stage, bool first) {
                multiply_e4m3<n>(d, stage, !first);
            });
            own.multiply(d);
            if (sizes.lowDepth > 0) {
                wgmma_keep(d);  // multiplied before the fence of the next products
                stages.use(sizes.low_slices(), d, [&](const Stage<n>& stage, bool) {
                    multiply<kAlongDepth>(d, stage, true);
                });
            }
        });
}

// Arguments as in linear_wgmma.cu, x being q, all rows one sample; then the scales of its rows.
#define PARAMETERS                                                                                \
    TENSOR_MAP(q), TENSOR_MAP(weight), TENSOR_MAP(s), TENSOR_MAP(up), int rank,                   \
        const float *bias, int activation, const bf16 *gate, long long gateStride,                \
        const bf16 *residual, bf16 *out, int samples, int rows, int seqLen, int depth,            \
        int columns, const float *scales
#define LINEAR(n, blocks)                                                                         \
    linear<n, blocks>({q, weight, s, up}, {samples, rows, columns, depth, rank},                  \
                      {bias, activation, gate, gateStride, residual, seqLen}, out, scales)
#define KERNELS(n)                                                                                \
    HOPPER_KERNEL(kThreads, linear_w8a8_wgmma_##n##_bf16, PARAMETERS) { LINEAR(n, 1); }           \
    CLUSTER_KERNEL(2, kThreads, linear_w8a8_wgmma_##n##_pairs_bf16, PARAMETERS) { LINEAR(n, 2); }

EXPORT_CONSTANT(linear_w8a8_wgmma_256_shared, sizeof(Shared<256>));
EXPORT_CONSTANT(linear_w8a8_wgmma_128_shared, sizeof(Shared<128>));
EXPORT_CONSTANT(linear_w8a8_wgmma_rows, kRows);
EXPORT_CONSTANT(linear_w8a8_wgmma_depth, kDepth);
KERNELS(256)
KERNELS(128)
