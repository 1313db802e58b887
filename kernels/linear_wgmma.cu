// linear_mma.cu's product with the frozen weight and its low-rank addition, for Hopper: wgmma, fed by
// bulk copies; bf16 with f32 sums.
//
//   linear         out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input   out = dy W + S A,   S = scale dy B diag(scales): the gradient towards x
//
// x [samples, rows, in] with any strides of samples and rows; W [out, in] and B [out, rank]; bias f32,
// everything else bf16. The operands are tensor maps, so that what they name begins at multiples of 16
// bytes, and rows likewise. S and B are further slices of the depth in the same sums.
//
// S is made by the same launch (include/wgmma_low.cuh), or was made before by linear_mma.cu.
//
//   linear_wgmma_{256, 128}         tiles of 128 x that many results, 64 of the depth a slice. As many
//   linear_input_wgmma_{256, 128}   blocks as multiprocessors, each makes tiles until none is left.
//                                   Bound by the tensor cores.
//   .._pairs                        the same by clusters of two blocks, which make tiles of the same
//                                   columns in neighbouring bands of rows: each copies its own rows of
//                                   x, and half of the columns of W to both. A stage is given back to
//                                   both. With an odd number of bands the last tile is beyond them.
//
// How a block works is in include/wgmma_product.cuh.
//
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.LinearWgmma. Test: glance.ops.parity.VariantParityTest.
// Benchmark: bench kernels --variant linear=wgmma --only 'lora|linear.(plain|input)'.
#include "include/glance.cuh"
#include "include/wgmma_low.cuh"
#include "include/wgmma_product.cuh"

template <int n, Major major, int blocks>
__device__ __forceinline__ void linear(const Maps& maps, const Sizes& sizes, const Low& low,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    int slices = sizes.wide_slices<bf16>() + sizes.low_slices();
    make_tiles<bf16, n, major, blocks>(
        maps, sizes, low, epilogue, out,
        [&](float (&d)[n / 2], Stages<n, blocks>& stages, int, int) {
            stages.use(slices, d, [&](const Stage<n>& stage, bool first) {
                multiply<major>(d, stage, !first);
            });
        });
}

// The results are [samples * rows, columns]; s and up are not read where rank is 0, nor what makes S
// where lowTiles is 0; S is made where it is read.
#define PARAMETERS                                                                                \
    TENSOR_MAP(x), TENSOR_MAP(weight), TENSOR_MAP(s), TENSOR_MAP(up), int rank,                   \
        const float *bias, int activation, const bf16 *gate, long long gateStride,                \
        const bf16 *residual, bf16 *out, int samples, int rows, int seqLen, int depth,            \
        int columns, TENSOR_MAP(factor0), TENSOR_MAP(factor1), TENSOR_MAP(factor2),               \
        TENSOR_MAP(factor3), ShareTable<Low::kMost> lows, bf16 *low, int pitch, int width,        \
        int room, int lowColumns, int lowTiles, unsigned *written
#define LINEAR(n, major, blocks)                                                                  \
    linear<n, major, blocks>({x, weight, s, up}, {samples, rows, columns, depth, rank},           \
                             {factor0, factor1, factor2, factor3, lows, low, pitch, width, room,  \
                              lowColumns, lowTiles, written},                                     \
                             {bias, activation, gate, gateStride, residual, seqLen}, out)
#define KERNELS(name, n, major)                                                                   \
    HOPPER_KERNEL(kThreads, name##_##n##_bf16, PARAMETERS) { LINEAR(n, major, 1); }               \
    CLUSTER_KERNEL(2, kThreads, name##_##n##_pairs_bf16, PARAMETERS) { LINEAR(n, major, 2); }

EXPORT_CONSTANT(linear_wgmma_256_shared, sizeof(Shared<256>));
EXPORT_CONSTANT(linear_wgmma_128_shared, sizeof(Shared<128>));
EXPORT_CONSTANT(linear_wgmma_lows, Low::kMost);
EXPORT_CONSTANT(linear_wgmma_rows, kRows);
EXPORT_CONSTANT(linear_wgmma_depth, kDepth);
KERNELS(linear_wgmma, 256, kAlongDepth)
KERNELS(linear_wgmma, 128, kAlongDepth)
KERNELS(linear_input_wgmma, 256, kAcrossDepth)
KERNELS(linear_input_wgmma, 128, kAcrossDepth)
