// attention_mma.cu's attention for Hopper: wgmma, fed by bulk copies; bf16 with f32 scores and sums.
// FlashAttention-3, arXiv 2407.08608.
//
//   out[b, i, h] = sum over j of p[i, j] v[b, j, g],  p = softmax(scale q k^T + mask),  g = h kv / heads
//   lse[b, h, i] = log of the sum of the exponentials of the scores (for the backward)
//
// q and out [batch, seqLen, heads, headDim], k and v [batch, keyLen, kv, headDim], bf16; the mask is
// that of attention.cu. q, k and v are tensor maps: what they name begins at multiples of 16 bytes, and
// so do heads, rows and samples, which lie in each other in this order (views of a joint q, k and v do).
// out is packed. headDim is a multiple of 8 up to 128, scale > 0. The copies fill heads of other widths
// than 64 and 128 with zeros.
//
//   attention_wgmma_h{64, 128}         by the width of the tiles, the smallest that the head fits
//   attention_wgmma_h{64, 128}_pairs   blocks in clusters of two; not for causal masks
//
// As many blocks as multiprocessors; each makes tiles of 128 queries of a head until none is left, and
// walks for each over the keys, 128 at a time:
//
//   producer, 1 thread        wait(empty) -> a tile: k0, q, k1, v0, k2, v1, ...            5 or 8 slots
//   2 warpgroups, 64 queries  in turn: S = q k1^T, sum += p v0 -> wait for S -> softmax of S, while the
//                             tensor cores add p v0, and multiply for the other warpgroup -> wait for
//                             the sums -> p = S, rounded -> ...
//
// S, p and the sums stay in registers: p is the left operand of its product where it lies. Registers of
// a thread: 64 of S, 32 of p, and 32 or 64 of sums. The next scores are multiplied before the weighted
// sums of the last ones, so that a warpgroup always has a product under way while it makes exponentials.
// The turns (named barriers) keep both from making them at the same time, with the tensor cores idle.
//
// The softmax is that of attention_mma.cu (attention_softmax.cuh). Tiles that hide all their keys are
// skipped; only tiles with an edge of the mask test each score. A causal grid starts with the last
// queries, which have the most to do; other blocks that run at the same time share the keys of a head.
//
// 128 keys and their values are 64 KB (heads of 64: 32 KB) for 2,048 clocks (1,024) of the tensor
// cores: 32 bytes a clock for each multiprocessor, as much as L2 gives or more (25 to 31 by what others
// measured, an estimate). Blocks that make neighbouring tiles of queries of a head read the same: two in
// a cluster each copy half of the rows of every tile of keys and of values, to both, once the consumers
// of both have given the slot back. So both have to go through the same tiles of keys: with padding they
// do, since it is that of the sample; with a causal mask the second would see more. Of an odd number of
// tiles the last has a neighbour beyond all queries, which copies its halves and writes nothing. The bits
// are those of single blocks (AttentionPairsTest).
//
// Cost: 4 seqLen keyLen headDim FLOP for each head. A warpgroup's tile of keys takes the tensor cores
// 1,024 clocks (heads of 64: 512), and the units that make exponentials 512, four warps at a time: both
// are the bound for heads of 64.
//
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.AttentionWgmma. Test: glance.ops.parity.VariantParityTest.
// Benchmark: bench kernels --variant attention=wgmma --only 'attention.(forward|masked)'.
#include "include/attention_mask.cuh"
#include "include/attention_scores.cuh"
#include "include/attention_softmax.cuh"
#include "include/attention_wgmma.cuh"
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/chunk.cuh"
#include "include/cluster.cuh"
#include "include/glance.cuh"
#include "include/wgmma.cuh"
#include "include/wgmma_results.cuh"

constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kQueries = kGroupRows * kConsumers;
constexpr int kKeys = 128;
constexpr int kPair = 2;  // blocks of a cluster
constexpr int kGroupWarps = kGroup / kWarpSize;

template <int width>
struct Shared {
    static constexpr int slots = width == 64 ? 8 : 5;
    typedef HeadTile<kKeys, width> Keys;

    HeadTile<kQueries, width> queries;
    Keys slot[slots];  // keys and values
    StagedResults staged[kConsumers * kGroupWarps];
};

template <int slots>
struct Barriers {
    Barrier full[slots];
    Barrier empty[slots];
    Barrier queriesFull[1];
    Barrier queriesEmpty[1];
};

struct Problem {
    const TensorMap& q;
    const TensorMap& k;
    const TensorMap& v;
    float scale;
    int causal;
    int prefix;
    const int* lengths;
    const float* bias;
    float* lse;
    bf16* out;
    int samples;
    int seqLen;
    int keyLen;
    int heads;
    int kvHeads;
    int headDim;
};

// Queries of a head, and the keys that they see.
struct Tile {
    int sample, head, firstQuery;
    Mask mask;
    int end;

    __device__ __forceinline__ Tile(const Problem& problem, int sample, int head, int firstQuery)
        : sample(sample),
          head(head),
          firstQuery(firstQuery),
          mask(problem.causal, problem.prefix, problem.lengths, problem.bias, sample, head,
               problem.seqLen, problem.keyLen),
          end(mask.end(firstQuery + kQueries)) {}

    __device__ __forceinline__ int first_keys() const { return mask.skip_padding(0, kKeys); }
    __device__ __forceinline__ int keys_after(int key) const {
        return mask.skip_padding(key + kKeys, kKeys);
    }
};

// Calls body(tile) for the tiles of this block. Blocks of a cluster make neighbours of the same head;
// the last one may lie beyond all queries.
template <int blocks, class Body>
__device__ __forceinline__ void for_each_tile(const Problem& problem, Body body) {
    constexpr int kTogether = kQueries * blocks;
    int along = (problem.seqLen + kTogether - 1) / kTogether;
    int across = problem.samples * problem.heads;
    int own = rank_of<blocks>() * kQueries;
    for (int i = blockIdx.x / blocks; i < along * across; i += gridDim.x / blocks) {
        int queries = problem.causal ? along - 1 - i / across : i % along;
        int head = problem.causal ? i % across : i / along;
        body(Tile(problem, head / problem.heads, head % problem.heads, queries * kTogether + own));
    }
}

// copy_head to all blocks of the cluster. Each calls it, and copies its share of the rows: as many as
// the boxes of the map have.
template <int blocks, int rows, int width>
__device__ __forceinline__ void copy_share(HeadTile<rows, width>& tile, const TensorMap& map,
                                           int sample, int row, int head, Barrier& arrived) {
    if constexpr (blocks == 1) {
        copy_head(tile, map, sample, row, head, arrived);
    } else {
        constexpr unsigned short kAll = (1 << blocks) - 1;
        int own = rank_of<blocks>() * (rows / blocks);
#pragma unroll
        for (int column = 0; column < width; column += kTilePart) {
            bulk_tile_all(tile.data + column * rows + own * kTilePart, map, column, head, row + own,
                          sample, arrived, kAll);
        }
    }
}

// Copies the queries of all tiles, and their keys and values in the order in which they are used, each
// as soon as there is room.
template <int blocks, int width>
__device__ __forceinline__ void produce(const Problem& problem, Shared<width>& shared,
                                        Barriers<Shared<width>::slots>& barriers) {
    typedef typename Shared<width>::Keys Keys;
    Ring<Shared<width>::slots> ring;
    Ring<1> queries;
    int group = problem.heads / problem.kvHeads;
    for_each_tile<blocks>(problem, [&](const Tile& tile) {
        auto copy = [&](const TensorMap& map, int key) {
            Barrier& arrived = barriers.full[ring.stage];
            barrier_wait(barriers.empty[ring.stage], ring.parity ^ 1);
            barrier_arrive_expect(arrived, sizeof(Keys));
            copy_share<blocks>(shared.slot[ring.stage], map, tile.sample, key, tile.head / group,
                               arrived);
            ring.next();
        };
        int key = tile.first_keys();
        if (key >= tile.end) {
            return;
        }
        copy(problem.k, key);
        barrier_wait(barriers.queriesEmpty[0], queries.parity ^ 1);
        barrier_arrive_expect(barriers.queriesFull[0], sizeof(shared.queries));
        copy_head(shared.queries, problem.q, tile.sample, tile.firstQuery, tile.head,
                  barriers.queriesFull[0]);
        queries.next();
        int next = tile.keys_after(key);
        for (; next < tile.end; next = tile.keys_after(next)) {
            copy(problem.k, next);
            copy(problem.v, key);
            key = next;
        }
        copy(problem.v, key);
    });
}

// Two warpgroups give products to the tensor cores in turn.
struct Turns {
    int group;

    // The first turn is that of warpgroup 0.
    __device__ __forceinline__ explicit Turns(int group) : group(group) {
        if (group == 1) {
            pass();
        }
    }

    __device__ __forceinline__ void wait() const {
        named_barrier_sync(1 + group, kConsumers * kGroup);
    }
    __device__ __forceinline__ void pass() const {
        named_barrier_arrive(1 + (group ^ 1), kConsumers * kGroup);
    }

    // Takes the last turn, that nobody uses.
    __device__ __forceinline__ void end() const {
        if (group == 0) {
            wait();
        }
    }
};

// What a warpgroup takes out of shared memory.
template <int blocks, int slots>
struct Arrivals {
    Barriers<slots>& barriers;
    Ring<slots> ring;

    // Waits for the tile whose turn it is, and gives its slot.
    __device__ __forceinline__ int take() {
        int slot = ring.stage;
        barrier_wait(barriers.full[slot], ring.parity);
        ring.next();
        return slot;
    }

    // After the products that have read it; to all blocks that copy to it.
    __device__ __forceinline__ void give_back(int slot) const {
        give_back_to_blocks<blocks>(barriers.empty[slot]);
    }
    __device__ __forceinline__ static void give_back(Barrier& empty) {
        if (threadIdx.x % kGroup == 0) {
            barrier_arrive(empty);
        }
    }
};

// Makes this warpgroup's half of each tile.
template <int blocks, int width>
__device__ __forceinline__ void consume(const Problem& problem, Shared<width>& shared,
                                        Barriers<Shared<width>::slots>& barriers) {
    // the same for a warp, as the compiler then sees
    int warp = __shfl_sync(kAllLanes, static_cast<int>(threadIdx.x) / kWarpSize - kGroupWarps, 0);
    int group = warp / kGroupWarps;
    float scale2 = problem.scale * kLog2OfE;
    HeadStrides strides = packed_heads(problem.seqLen, problem.heads, problem.headDim);
    Arrivals<blocks, Shared<width>::slots> arrivals{barriers, {}};
    Ring<1> queries;
    Turns turns(group);
    float score[kKeys / 2];
    float sum[width / 2];
    Weights<1, kKeys / 8> p;
    for_each_tile<blocks>(problem, [&](const Tile& tile) {
        const Mask& mask = tile.mask;
        int ownQuery = tile.firstQuery + warp * kWarpRows;
        Softmax<1> softmax;
        PerRow<1> shrink;

        // p of scores, in their place; whether the sums before are to be multiplied by `shrink`.
        auto weigh = [&](int key) {
            auto& own = as_row_tile(score);
            if (problem.bias != nullptr) {
                add_bias(mask, own, ownQuery, problem.seqLen, key, 1.0f / problem.scale);
            }
            if (!mask.is_open(ownQuery, key, kKeys)) {
                hide(mask, own, ownQuery, key);
            }
            bool grew = softmax.see(own, shrink, scale2);
            softmax.weigh(own, scale2, [&](int i, int j, int e, float p0, float p1) {
                own[i][j][e] = p0;
                own[i][j][e + 1] = p1;
            });
            return grew;
        };

#pragma unroll
        for (int i = 0; i < width / 2; ++i) {
            sum[i] = 0.0f;
        }
        int key = tile.first_keys();
        if (key < tile.end) {
            int keys = arrivals.take();
            barrier_wait(barriers.queriesFull[0], queries.parity);
            turns.wait();
            wgmma_keep(score);
            wgmma_keep(sum);
            wgmma_fence();
            multiply_along(score, shared.queries, group * kGroupRows, shared.slot[keys]);
            wgmma_commit();
            turns.pass();
            wgmma_wait<0>();
            wgmma_keep(score);
            arrivals.give_back(keys);
            weigh(key);
            set_weights(p, score);
            key = tile.keys_after(key);
            if (key < tile.end) {
                keys = arrivals.take();
            }
#pragma unroll 1
            while (key < tile.end) {
                int values = arrivals.take();
                turns.wait();
                wgmma_keep(score);
                wgmma_keep(sum);
                wgmma_fence();
                multiply_along(score, shared.queries, group * kGroupRows, shared.slot[keys]);
                wgmma_commit();
                multiply_across(sum, p, shared.slot[values]);
                wgmma_commit();
                turns.pass();
                wgmma_wait<1>();
                wgmma_keep(score);
                arrivals.give_back(keys);
                bool grew = weigh(key);
                wgmma_keep(score);
                // a branch between the exponentials and the wait: else the compiler waits before them
                key = tile.keys_after(key);
                if (key < tile.end) {
                    keys = arrivals.take();
                }
                wgmma_wait<0>();
                wgmma_keep(sum);
                wgmma_keep(p);
                arrivals.give_back(values);
                if (grew) {
                    multiply_rows(as_row_tile(sum), shrink);
                }
                set_weights(p, score);
            }
            arrivals.give_back(barriers.queriesEmpty[0]);
            queries.next();
            int values = arrivals.take();
            wgmma_keep(sum);
            wgmma_fence();
            multiply_across(sum, p, shared.slot[values]);
            wgmma_commit();
            wgmma_wait<0>();
            wgmma_keep(sum);
            wgmma_keep(p);
            arrivals.give_back(values);
        }

        PerRow<1> inverse;
        softmax.finish(inverse);
        multiply_rows(as_row_tile(sum), inverse);
        long long head = static_cast<long long>(tile.sample) * problem.heads + tile.head;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int query = ownQuery + row_of(0, 2 * half);
            if (problem.lse != nullptr && query < problem.seqLen && threadIdx.x % 4 == 0) {
                problem.lse[head * problem.seqLen + query] = softmax.lse(0, half, scale2);
            }
        }
        bf16* out = problem.out + tile.sample * strides.batch + tile.head * strides.head +
                    ownQuery * strides.row;
        write_results(sum, shared.staged[warp], [&](int i, int j, const float(&values)[kChunk]) {
            if (ownQuery + i < problem.seqLen && j < problem.headDim) {
                store_chunk(out + i * strides.row + j, values, kChunk, true);
            }
        });
    });
    turns.end();
}

template <int width, int blocks>
__device__ __forceinline__ void attention(const Problem& problem) {
    constexpr int slots = Shared<width>::slots;
    DYNAMIC_SHARED(Shared<width>, shared);
    SHARED_ARRAY(Barriers<slots>, barriers, [1]);
    if (threadIdx.x == 0) {
        for (int s = 0; s < slots; ++s) {
            barrier_init(barriers->full[s], 1);
            barrier_init(barriers->empty[s], kConsumers * blocks);
        }
        barrier_init(barriers->queriesFull[0], 1);
        barrier_init(barriers->queriesEmpty[0], kConsumers);
        barrier_init_fence();
        prefetch_map(problem.q);
        prefetch_map(problem.k);
        prefetch_map(problem.v);
    }
    sync_blocks<blocks>();
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<blocks>(problem, *shared, barriers[0]);
        }
    } else {
        raise_registers<232>();
        consume<blocks>(problem, *shared, barriers[0]);
    }
    leave_blocks<blocks>();
}

#define PARAMETERS                                                                               \
    TENSOR_MAP(q), TENSOR_MAP(k), TENSOR_MAP(v), float scale, int causal, int prefix,            \
        const int *lengths, const float *bias, float *lse, bf16 *out, int samples, int seqLen,   \
        int keyLen, int heads, int kvHeads, int headDim
#define PROBLEM                                                                                  \
    { q, k, v, scale, causal, prefix, lengths, bias, lse, out, samples, seqLen, keyLen, heads,   \
      kvHeads, headDim }

#define ATTENTION(width)                                                                         \
    static_assert(sizeof(Shared<width>) <= 226 * 1024, "what Hopper has");                       \
    EXPORT_CONSTANT(attention_wgmma_h##width##_shared, sizeof(Shared<width>));                   \
    HOPPER_KERNEL(kThreads, attention_wgmma_h##width##_bf16, PARAMETERS) {                       \
        attention<width, 1>(PROBLEM);                                                            \
    }                                                                                            \
    CLUSTER_KERNEL(kPair, kThreads, attention_wgmma_h##width##_pairs_bf16, PARAMETERS) {         \
        attention<width, kPair>(PROBLEM);                                                        \
    }

EXPORT_CONSTANT(attention_wgmma_queries, kQueries);
EXPORT_CONSTANT(attention_wgmma_keys, kKeys);
EXPORT_CONSTANT(attention_wgmma_pair, kPair);
ATTENTION(64)
ATTENTION(128)
