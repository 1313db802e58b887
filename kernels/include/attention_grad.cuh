// What the gradients of attention on tensor cores have in common, with mma.sync and with wgmma: what a
// query brings besides its rows, and which queries a block of keys meets.
#pragma once

#include "attention_mask.cuh"
#include "fast_exp2.cuh"
#include "glance.cuh"

// What the forward and delta say about a query.
struct alignas(8) QueryRow {
    float lse;  // in base 2; infinite for queries that see nothing, so that their p is 0
    float delta;

    static __device__ __forceinline__ QueryRow of(const float* lse, const float* delta, int query,
                                                  int seqLen) {
        if (query >= seqLen || lse[query] == -INFINITY) {
            return {INFINITY, 0.0f};
        }
        return {lse[query] * kLog2OfE, delta[query]};
    }

    __device__ __forceinline__ float p(float score, float scale2) const {
        return fast_exp2(fmaf(score, scale2, -lse));
    }
};

// The queries that a block of keys meets: tiles of all heads that share the keys, head by head.
struct QueryTiles {
    int first;    // tile
    int perHead;  // from there on
    int count;

    __device__ __forceinline__ QueryTiles(const Mask& mask, int firstKey, int keys, int seqLen,
                                          int group, int queries)
        : first(mask.causal ? firstKey / queries : 0),
          perHead((seqLen + queries - 1) / queries - first),
          count(mask.is_padding(firstKey, keys) ? 0 : group * perHead) {}
};
