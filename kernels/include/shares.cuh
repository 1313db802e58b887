// The low-rank additions of a product by shares of its rows: in a batch each sample may have an
// adapter of its own, or none. Shares are even and consecutive; a tile has rows of one share:
//
//   share 0  | tile 0 | tile 1 | t2 |        the last tile of a share may have fewer rows
//   share 1  | tile 3 | tile 4 | t5 |
//
// One share is a product with one adapter, or with none: its rank is 0 then. Passed by value, so that
// a captured launch keeps it; a launcher splits products of more shares.
#pragma once

#include "glance.cuh"

constexpr int kMaxShares = 8;

// Of all products whose S one launch makes.
constexpr int kMaxAdditions = 24;

struct Share {
    const void* down;     // [rank, in]
    const void* up;       // [out, rank]
    const float* scales;  // [rank], or null for ones
    float scale;
    int rank;
    int downType;  // dtypes, where kernels take several
    int upType;
};

// The additions of one product, or of several products of the same rows, one after the other.
template <int most>
struct ShareTable {
    Share of[most];
    int count;  // of a product
    int rows;   // of each
};

using Shares = ShareTable<kMaxShares>;

// The rows of a tile, and the share that they are of.
struct ShareRows {
    int share;
    int first;
    int end;  // of the share

    // tile counts tiles of so many rows, share by share.
    template <int most>
    static __device__ __forceinline__ ShareRows of(const ShareTable<most>& shares, int tile,
                                                   int tileRows) {
        int tiles = (shares.rows + tileRows - 1) / tileRows;
        int share = tile / tiles;
        int start = share * shares.rows;
        return {share, start + tile % tiles * tileRows, start + shares.rows};
    }

    // Rows of all tiles, those that are not there included.
    template <int most>
    static __device__ __forceinline__ int padded(const ShareTable<most>& shares, int tileRows) {
        return shares.count * ((shares.rows + tileRows - 1) / tileRows) * tileRows;
    }
};
