// Where heads lie, and which keys a query sees (glance.op.AttentionMask).
#pragma once

#include "glance.cuh"
#include "layout.cuh"

__device__ __forceinline__ HeadStrides packed_heads(int length, int heads, int headDim) {
    long long row = static_cast<long long>(heads) * headDim;
    return {length * row, row, headDim};
}

// The mask of one head of one sample. Key tiles are named by their first key and their size.
struct Mask {
    bool causal;
    int prefix;         // leading keys of which only `real` count
    int real;           // 0 without a prefix
    int keyLen;
    const float* bias;  // [seqLen, keyLen], or null

    __device__ __forceinline__ Mask(int causal, int prefix, const int* lengths, const float* bias,
                                    long long sample, int head, int seqLen, int keyLen)
        : causal(causal != 0),
          prefix(prefix),
          real(prefix > 0 ? lengths[sample] : 0),
          keyLen(keyLen),
          bias(bias == nullptr ? nullptr
                               : bias + static_cast<long long>(head) * seqLen * keyLen) {}

    __device__ __forceinline__ bool shows(int query, int key) const {
        return key < keyLen && (!causal || key <= query) && (key >= prefix || key < real);
    }

    __device__ __forceinline__ const float* bias_at(int query, int key) const {
        return bias + static_cast<long long>(query) * keyLen + key;
    }

    // The mask of a later head of the same sample.
    __device__ __forceinline__ Mask of_head(int further, int seqLen) const {
        Mask other = *this;
        other.bias += static_cast<long long>(further) * seqLen * keyLen;
        return other;
    }

    // Keys from here on are hidden from all queries before `queries`.
    __device__ __forceinline__ int end(int queries) const {
        return causal ? min(keyLen, queries) : keyLen;
    }

    // Whether a tile has nothing but padding of the prefix.
    __device__ __forceinline__ bool is_padding(int firstKey, int keys) const {
        return firstKey >= real && firstKey + keys <= prefix;
    }

    // The first tile from this one on that has more.
    __device__ __forceinline__ int skip_padding(int firstKey, int keys) const {
        return is_padding(firstKey, keys) ? prefix / keys * keys : firstKey;
    }

    // Whether all queries from this one on see the whole tile.
    __device__ __forceinline__ bool is_open(int firstQuery, int firstKey, int keys) const {
        int end = firstKey + keys;
        return end <= keyLen && (!causal || end <= firstQuery + 1) &&
               (firstKey >= prefix || end <= real);
    }
};
