// Products of a warpgroup of 128 threads on tensor cores, asynchronous (wgmma). Compute capability
// 9.0a only, so for files whose entry points are HOPPER_KERNEL.
//
// wgmma m64nNk16: D[64, N] += A[64, 16] B[16, N], bf16 products, f32 sums; N is twice the length of
// d. All threads of four warps, the first a multiple of 4, come to each call.
//
//   wgmma_fence();                       before the first, and after registers were touched
//   for k: wgmma_bf16(d, a, b, true);    D and an A in registers are not to be touched,
//   wgmma_commit();                      and A and B in shared memory not to be written,
//   wgmma_wait<0>();                     until the group is waited for
//   wgmma_keep(d);                       what follows is not moved before the wait
//
// Who holds what (PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk16"), with g = lane / 4 and
// t = lane % 4: warp w of the warpgroup has rows 16 w to 16 w + 15, and there D is what C of
// mma_bf16 is (mma.cuh), for each 8 columns, and A in registers is what A of mma_bf16 is:
//
//   d[4 j + 0, 1]: row 16 w + g, columns 8 j + 2 t, + 1      d[4 j + 2, 3]: row 16 w + g + 8
//
// wgmma_e4m3 multiplies elements of 8 bits, 32 deep, both kAlongDepth; a register of A has four:
//
//   a[0, 1]: rows g, g + 8, depth 4 t to + 3      a[2, 3]: the same rows, depth 4 t + 16 to + 19
//
// An operand in shared memory is named by a descriptor (PTX ISA, "Matrix Descriptor Format"):
//
//   bits   0-13  16-29                  32-45                 49-51            62-63
//          start leading byte offset    stride byte offset    base offset (0)  swizzle (1: 128 bytes)
//
// in units of 16 bytes. Both operands lie in atoms of 8 rows of 128 bytes, with the 128-byte swizzle
// as bulk_copy.cuh draws it, each at a multiple of 1,024 bytes (CUTLASS, "canonical layouts" in
// mma_traits_sm90_gmma.hpp):
//
//   kAlongDepth (K-major): a row has 64 elements (128 of e4m3) of the depth of one row of A or column of B.
//       stride: bytes from 8 rows of A (columns of B) to the next 8. leading: not used.
//       The next product: the start moves on by 32 bytes, up to 3 times.
//   kAcrossDepth (MN-major): a row has 64 rows of A or columns of B at one place of the depth.
//       stride: bytes from 8 places of the depth to the next 8. leading: bytes from 64 rows of A
//       (columns of B) to the next 64. The next product: the start moves on by 2 strides.
#pragma once

#include "hopper.cuh"

// How an operand lies in shared memory.
enum Major : int { kAlongDepth = 0, kAcrossDepth = 1 };

// The descriptor of an operand with the 128-byte swizzle; offsets in bytes, multiples of 16.
__device__ __forceinline__ unsigned long long matrix_descriptor(const void* shared,
                                                                int leadingBytes,
                                                                int strideBytes) {
    return static_cast<unsigned long long>((shared_address(shared) & 0x3ffff) >> 4) |
           static_cast<unsigned long long>((leadingBytes & 0x3ffff) >> 4) << 16 |
           static_cast<unsigned long long>((strideBytes & 0x3ffff) >> 4) << 32 | 1ull << 62;
}

// The same operand, beginning some bytes further on.
__device__ __forceinline__ unsigned long long advanced(unsigned long long descriptor, int bytes) {
    return descriptor + (static_cast<unsigned>(bytes) >> 4);
}

#ifdef __CUDACC__

// Shows the registers of D and A, as they are now, to the products that follow.
__device__ __forceinline__ void wgmma_fence() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

// Closes the products since the last call into a group.
__device__ __forceinline__ void wgmma_commit() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

// Waits until at most newestGroupsLeft groups are under way.
template <int newestGroupsLeft>
__device__ __forceinline__ void wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(newestGroupsLeft) : "memory");
}

// Keeps the compiler from moving uses of registers across: it does not know that wgmma is
// asynchronous.
template <int count>
__device__ __forceinline__ void wgmma_keep(float (&registers)[count]) {
#pragma unroll
    for (int i = 0; i < count; ++i) {
        asm volatile("" : "+f"(registers[i])::"memory");
    }
}

template <int count>
__device__ __forceinline__ void wgmma_keep(unsigned (&registers)[count]) {
#pragma unroll
    for (int i = 0; i < count; ++i) {
        asm volatile("" : "+r"(registers[i])::"memory");
    }
}

// Names of the registers of D, eight by eight, and the registers.
#define WGMMA_LIST_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define WGMMA_LIST_1 "%8, %9, %10, %11, %12, %13, %14, %15"
#define WGMMA_LIST_2 "%16, %17, %18, %19, %20, %21, %22, %23"
#define WGMMA_LIST_3 "%24, %25, %26, %27, %28, %29, %30, %31"
#define WGMMA_LIST_4 "%32, %33, %34, %35, %36, %37, %38, %39"
#define WGMMA_LIST_5 "%40, %41, %42, %43, %44, %45, %46, %47"
#define WGMMA_LIST_6 "%48, %49, %50, %51, %52, %53, %54, %55"
#define WGMMA_LIST_7 "%56, %57, %58, %59, %60, %61, %62, %63"
#define WGMMA_LIST_8 "%64, %65, %66, %67, %68, %69, %70, %71"
#define WGMMA_LIST_9 "%72, %73, %74, %75, %76, %77, %78, %79"
#define WGMMA_LIST_10 "%80, %81, %82, %83, %84, %85, %86, %87"
#define WGMMA_LIST_11 "%88, %89, %90, %91, %92, %93, %94, %95"
#define WGMMA_LIST_12 "%96, %97, %98, %99, %100, %101, %102, %103"
#define WGMMA_LIST_13 "%104, %105, %106, %107, %108, %109, %110, %111"
#define WGMMA_LIST_14 "%112, %113, %114, %115, %116, %117, %118, %119"
#define WGMMA_LIST_15 "%120, %121, %122, %123, %124, %125, %126, %127"

#define WGMMA_LISTS_2 WGMMA_LIST_0 ", " WGMMA_LIST_1
#define WGMMA_LISTS_4 WGMMA_LISTS_2 ", " WGMMA_LIST_2 ", " WGMMA_LIST_3
#define WGMMA_LISTS_8 \
    WGMMA_LISTS_4 ", " WGMMA_LIST_4 ", " WGMMA_LIST_5 ", " WGMMA_LIST_6 ", " WGMMA_LIST_7
#define WGMMA_LISTS_16                                                                      \
    WGMMA_LISTS_8 ", " WGMMA_LIST_8 ", " WGMMA_LIST_9 ", " WGMMA_LIST_10 ", " WGMMA_LIST_11 \
                  ", " WGMMA_LIST_12 ", " WGMMA_LIST_13 ", " WGMMA_LIST_14 ", " WGMMA_LIST_15

#define WGMMA_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define WGMMA_D16(i) WGMMA_D4(i), WGMMA_D4(i + 4), WGMMA_D4(i + 8), WGMMA_D4(i + 12)
#define WGMMA_D32(i) WGMMA_D16(i), WGMMA_D16(i + 16)
#define WGMMA_D64(i) WGMMA_D32(i), WGMMA_D32(i + 32)
#define WGMMA_D128(i) WGMMA_D64(i), WGMMA_D64(i + 64)

// d += a b, or d = a b if not accumulate; n columns. p0 to p6 name the operands after D.
#define WGMMA(n, half, lists, p0, p1, p2, p3, p4, p5, p6)                                         \
    template <Major aMajor = kAlongDepth, Major bMajor = kAlongDepth>                             \
    __device__ __forceinline__ void wgmma_bf16(float(&d)[half], unsigned long long a,             \
                                               unsigned long long b, bool accumulate) {           \
        asm volatile(                                                                             \
            "{\n"                                                                                 \
            ".reg .pred accumulate;\n"                                                            \
            "setp.ne.b32 accumulate, " p2 ", 0;\n"                                                \
            "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" lists "}, " p0 ", " p1   \
            ", accumulate, 1, 1, " p3 ", " p4 ";\n"                                               \
            "}"                                                                                   \
            : WGMMA_D##half(0)                                                                    \
            : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(int{aMajor}), "n"(int{bMajor}));\
    }                                                                                             \
                                                                                                  \
    template <Major bMajor = kAlongDepth>                                                         \
    __device__ __forceinline__ void wgmma_bf16(float(&d)[half], const unsigned(&a)[4],            \
                                               unsigned long long b, bool accumulate) {           \
        asm volatile(                                                                             \
            "{\n"                                                                                 \
            ".reg .pred accumulate;\n"                                                            \
            "setp.ne.b32 accumulate, " p5 ", 0;\n"                                                \
            "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" lists "}, {" p0 ", " p1  \
            ", " p2 ", " p3 "}, " p4 ", accumulate, 1, 1, " p6 ";\n"                              \
            "}"                                                                                   \
            : WGMMA_D##half(0)                                                                    \
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b),                                 \
              "r"(static_cast<int>(accumulate)), "n"(int{bMajor}));                                   \
    }

// The same with elements of 8 bits.
#define WGMMA_E4M3(n, half, lists, p0, p1, p2, p3, p4, p5)                                        \
    __device__ __forceinline__ void wgmma_e4m3(float(&d)[half], unsigned long long a,             \
                                               unsigned long long b, bool accumulate) {           \
        asm volatile(                                                                             \
            "{\n"                                                                                 \
            ".reg .pred accumulate;\n"                                                            \
            "setp.ne.b32 accumulate, " p2 ", 0;\n"                                                \
            "wgmma.mma_async.sync.aligned.m64n" #n "k32.f32.e4m3.e4m3 {" lists "}, " p0 ", " p1   \
            ", accumulate, 1, 1;\n"                                                               \
            "}"                                                                                   \
            : WGMMA_D##half(0)                                                                    \
            : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)));                                 \
    }                                                                                             \
                                                                                                  \
    __device__ __forceinline__ void wgmma_e4m3(float(&d)[half], const unsigned(&a)[4],            \
                                               unsigned long long b, bool accumulate) {           \
        asm volatile(                                                                             \
            "{\n"                                                                                 \
            ".reg .pred accumulate;\n"                                                            \
            "setp.ne.b32 accumulate, " p5 ", 0;\n"                                                \
            "wgmma.mma_async.sync.aligned.m64n" #n "k32.f32.e4m3.e4m3 {" lists "}, {" p0 ", " p1  \
            ", " p2 ", " p3 "}, " p4 ", accumulate, 1, 1;\n"                                      \
            "}"                                                                                   \
            : WGMMA_D##half(0)                                                                    \
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b),                                 \
              "r"(static_cast<int>(accumulate)));                                                 \
    }

WGMMA(32, 16, WGMMA_LISTS_2, "%16", "%17", "%18", "%19", "%20", "%21", "%22")
WGMMA(64, 32, WGMMA_LISTS_4, "%32", "%33", "%34", "%35", "%36", "%37", "%38")
WGMMA(128, 64, WGMMA_LISTS_8, "%64", "%65", "%66", "%67", "%68", "%69", "%70")
WGMMA(256, 128, WGMMA_LISTS_16, "%128", "%129", "%130", "%131", "%132", "%133", "%134")

WGMMA_E4M3(32, 16, WGMMA_LISTS_2, "%16", "%17", "%18", "%19", "%20", "%21")
WGMMA_E4M3(64, 32, WGMMA_LISTS_4, "%32", "%33", "%34", "%35", "%36", "%37")
WGMMA_E4M3(128, 64, WGMMA_LISTS_8, "%64", "%65", "%66", "%67", "%68", "%69")
WGMMA_E4M3(256, 128, WGMMA_LISTS_16, "%128", "%129", "%130", "%131", "%132", "%133")

#else
#include "../emulator/wgmma.h"
#endif
