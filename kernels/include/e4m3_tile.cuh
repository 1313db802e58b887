// A tile of a product (mma_tile.cuh) both of whose sides are e4m3, f32 sums: mma m16n8k32, of compute
// capability 8.9 and 12. A100 has none, and Hopper only in wgmma: for its mma the compiler makes f16
// of e4m3 (counted: twice the mma, and 192 conversions), which gains nothing over bf16.
//
// Byte for byte its fragments are those of m16n8k16 with bf16: where that has an element of 16 bits,
// this has two neighbours of 8. So slices, walks and ldmatrix are those of matrices of pairs, half as
// wide, and a slice of 32 is 64 of depth.
#pragma once

#include "mma_tile.cuh"

#ifdef __CUDACC__

// c += a b. Code for GPUs without it is compiled with the others and never launched.
__device__ __forceinline__ void mma_e4m3(float (&c)[4], const unsigned (&a)[4],
                                         const unsigned (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890 && __CUDA_ARCH__ != 900
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    __trap();
#endif
}

#endif

template <class Plain>
struct E4m3Tile : Plain {
    using Plain::depth;
    using Plain::sum;
    using Plain::warpColumns;
    using Plain::warpRows;

    // The products of a slice whose sides are pairs of e4m3, along the depth.
    __device__ __forceinline__ void multiply_pairs(const bf16* a, const bf16* b) {
        int lane = threadIdx.x % kWarpSize;
        a += this->warp_row() * depth;
        b += this->warp_column() * depth;
#pragma unroll
        for (int k = 0; k < depth; k += 16) {
            unsigned as[warpRows / 16][4];
#pragma unroll
            for (int i = 0; i < warpRows / 16; ++i) {
                load_matrices(as[i],
                              chunk_of<depth>(a, i * 16, k, lane % 16, lane / 16 * kChunk));
            }
#pragma unroll
            for (int j = 0; j < warpColumns / 8; j += 2) {
                unsigned both[4];
                load_matrices(both, chunk_of<depth>(b, j * 8, k, lane / 16 * 8 + lane % 8,
                                                    lane / 8 % 2 * kChunk));
                unsigned left[2] = {both[0], both[1]};
                unsigned right[2] = {both[2], both[3]};
#pragma unroll
                for (int i = 0; i < warpRows / 16; ++i) {
                    mma_e4m3(sum[i][j], as[i], left);
                    mma_e4m3(sum[i][j + 1], as[i], right);
                }
            }
        }
    }

    // Multiplies the sums of each row by its scale; first is the tile's first row.
    __device__ __forceinline__ void scale_rows(const float* scales, int first, int end) {
        int own = first + this->warp_row() + threadIdx.x % kWarpSize / 4;
#pragma unroll
        for (int i = 0; i < warpRows / 8; ++i) {
            int row = own + i * 8;
            float scale = row < end ? scales[row] : 0.0f;
#pragma unroll
            for (int j = 0; j < warpColumns / 8; ++j) {
                sum[i / 2][j][i % 2 * 2] *= scale;
                sum[i / 2][j][i % 2 * 2 + 1] *= scale;
            }
        }
    }
};
