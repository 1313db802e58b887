// Weights of 8 or 4 bits as operand A of wgmma, from shared memory, where they lie as they are stored,
// to the registers of a lane: the bf16 of the expanded weights, to the bit.
//
// A stage has the weights of some slices of the depth, 64 each, for 128 rows of the product. A warpgroup
// has 64 of these rows, a warp 16 of them, and a lane two (g = lane / 4, t = lane % 4):
//
//   along the depth    W[row][k]   rows g and g + 8; a load of 16 bits gives k = 2t, 2t + 1
//   across the depth   W[k][row]   rows 2g and 2g + 1: ldmatrix.trans gives bytes 2g, 2g + 1 at k = 2t
//                                  and 2t + 1. Rows may lie in any order, if that of the results is the
//                                  same: kPaired
#pragma once

#include "block_operands.cuh"
#include "mma.cuh"
#include "mma_slice.cuh"
#include "narrow.cuh"

constexpr int kWeightRows = 128;  // of a tile

// A lane's operands of a slice: of four products, 16 deep.
typedef unsigned SliceOperands[4][4];

// Rows of 128 bytes with the 128-byte swizzle, as a slice of 64 bf16 would be.
constexpr int kStageBytes = 128;

// The place of a thread in the operand of its warpgroup.
struct OperandPlace {
    int group;  // the warpgroup's, of those that multiply
    int warp;   // of the warpgroup
    int lane;

    __device__ __forceinline__ int row() const { return group * 64 + warp * 16 + lane / 4; }
};

// One byte a weight, [row][k].
template <class Format>
struct BytesAlong {
    static constexpr bool kPaired = false;
    static constexpr int kSlices = 2;  // of a stage
    static constexpr int kBytes = kWeightRows * kStageBytes;

    // Where weights from a place of the depth on are in the map of W.
    static __device__ __forceinline__ int in_map(int depth) { return depth; }

    // slice counts those of the stage.
    static __device__ __forceinline__ void read(SliceOperands& to, const uint8_t* stage, int slice,
                                                const OperandPlace& place) {
        const bf16* pairs = reinterpret_cast<const bf16*>(stage);
#pragma unroll
        for (int k = 0; k < 4; ++k) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const bf16* chunk = chunk_of<64>(pairs, half * 8, k * kChunk, place.row(),
                                                 slice * 32);
                const uint16_t* own = reinterpret_cast<const uint16_t*>(chunk) + place.lane % 4;
                to[k][half] = Format::template pair<0, 1>(own[0]);
                to[k][2 + half] = Format::template pair<0, 1>(own[4]);
            }
        }
    }
};

// Blocks of a type of few_formats.cuh, [row][k]: a segment of each row, as it is stored. Rows are 144 or
// 272 bytes apart, so that those of a load begin 4 banks apart. The map counts pairs of bytes.
template <class Few>
struct BlocksAlong {
    static constexpr bool kPaired = false;
    static constexpr int kSlices = kSegment / 64;
    static constexpr int kBytes = kWeightRows * Few::kBytes;
    static_assert(Few::kBytes % 32 == 16, "neighbouring rows begin in other banks");

    static __device__ __forceinline__ int in_map(int depth) {
        return depth / kSegment * (Few::kBytes / 2);
    }

    static __device__ __forceinline__ void read(SliceOperands& to, const uint8_t* stage, int slice,
                                                const OperandPlace& place) {
        const uint8_t* first = stage + place.row() * Few::kBytes;
        int t = place.lane % 4;
        // a lane has the scale of one of the four groups that its row and the other have
        GroupScale own = scale_of_group<Few>(first + t / 2 * 8 * Few::kBytes, slice * 2 + t % 2);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const uint8_t* row = first + half * 8 * Few::kBytes;
#pragma unroll
            for (int group = 0; group < 2; ++group) {
                unsigned pairs[2][2];
                read_group<Few>(pairs, row, slice * 2 + group, t, of_lane(own, half * 2 + group));
#pragma unroll
                for (int k = 0; k < 2; ++k) {
                    to[group * 2 + k][half] = pairs[k][0];
                    to[group * 2 + k][2 + half] = pairs[k][1];
                }
            }
        }
    }
};

// One byte a weight, [k][row].
template <class Format>
struct BytesAcross {
    static constexpr bool kPaired = true;
    static constexpr int kSlices = 2;
    static constexpr int kBytes = 64 * kSlices * kStageBytes;

    static __device__ __forceinline__ int in_map(int depth) { return depth; }

    static __device__ __forceinline__ void read(SliceOperands& to, const uint8_t* stage, int slice,
                                                const OperandPlace& place) {
        const bf16* pairs = reinterpret_cast<const bf16*>(stage);
        int column = (place.group * 4 + place.warp) * kChunk;
#pragma unroll
        for (int k = 0; k < 4; k += 2) {
            unsigned rows[4];
            load_matrices_transposed(
                rows, chunk_of<64>(pairs, k * 16, 0, slice * 64 + place.lane, column));
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                to[k + i / 2][i % 2 * 2] = Format::template pair<0, 2>(rows[i]);
                to[k + i / 2][i % 2 * 2 + 1] = Format::template pair<1, 3>(rows[i]);
            }
        }
    }
};

// 64 deep of a factor of an adapter, bf16 [k][row], with rows as BytesAcross has them: two boxes of 64
// rows.
__device__ __forceinline__ void read_factor_across(SliceOperands& to, const bf16* stage,
                                                   const OperandPlace& place) {
    const bf16* own = stage + place.group * 64 * 64;
    int column = place.warp * 16 + place.lane / 16 * kChunk;
    int t = place.lane % 4;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            unsigned rows[2];
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                const bf16* chunk = chunk_of<64>(own, k * 16 + half * 8, 0, 2 * t + i, column);
                rows[i] = reinterpret_cast<const unsigned*>(chunk)[place.lane / 4 % 4];
            }
            to[k][2 * half] = pick_bytes(rows[0], rows[1], 0x5410);
            to[k][2 * half + 1] = pick_bytes(rows[0], rows[1], 0x7632);
        }
    }
}
