// Tensor core products of a warp, and the loads that feed them. Compute capability 8.0 and up.
//
// mma m16n8k16: D[16, 8] = A[16, 16] B[16, 8] + C[16, 8], bf16 products, f32 sums. Who holds what
// (PTX ISA, "Matrix Fragments for mma.m16n8k16"), with g = lane / 4 and t = lane % 4; a register of
// A or B has two neighbouring elements, the lower half first:
//
//   A  reg 0: row g,     columns 2t, 2t + 1        reg 2: row g,     columns 2t + 8, 2t + 9
//      reg 1: row g + 8, columns 2t, 2t + 1        reg 3: row g + 8, columns 2t + 8, 2t + 9
//   B  reg 0: rows 2t, 2t + 1,     column g        reg 1: rows 2t + 8, 2t + 9, column g
//   C  reg 0, 1: row g, columns 2t, 2t + 1         reg 2, 3: row g + 8, columns 2t, 2t + 1
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

__device__ __forceinline__ unsigned shared_address(const void* p) {
    return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

// Four 8x8 matrices of 16-bit elements from shared memory: lanes 8i to 8i + 7 name the rows of
// matrix i (16 bytes each, aligned to 16); register i of a lane gets row g, columns 2t, 2t + 1.
__device__ __forceinline__ void load_matrices(unsigned (&reg)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(reg[0]), "=r"(reg[1]), "=r"(reg[2]), "=r"(reg[3])
                 : "r"(shared_address(row)));
}

// The same with each matrix transposed: register i gets rows 2t, 2t + 1 of column g.
__device__ __forceinline__ void load_matrices_transposed(unsigned (&reg)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(reg[0]), "=r"(reg[1]), "=r"(reg[2]), "=r"(reg[3])
                 : "r"(shared_address(row)));
}

// Two matrices; lanes 0 to 15 name the rows.
__device__ __forceinline__ void load_matrices(unsigned (&reg)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(reg[0]), "=r"(reg[1])
                 : "r"(shared_address(row)));
}

__device__ __forceinline__ void load_matrices_transposed(unsigned (&reg)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(reg[0]), "=r"(reg[1])
                 : "r"(shared_address(row)));
}

// c += a b.
__device__ __forceinline__ void mma_bf16(float (&c)[4], const unsigned (&a)[4],
                                         const unsigned (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Two floats as neighbouring bf16 elements of a register.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
    __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<unsigned*>(&both);
}

#else
#include "../emulator/tensor_cores.h"
#endif
