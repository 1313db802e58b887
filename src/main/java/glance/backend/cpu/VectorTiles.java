package glance.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of the matrix product on the Vector API. The accumulators of a tile must all stay in
 * registers, and the JIT only keeps local variables there, hence the long lists of them. Measured
 * on 32 registers of 512 bits: 14 x 2 vectors reach 165 GFLOP/s on one core, 12 x 2 150, 8 x 2 120,
 * 6 x 4 150 or less. With 16 registers 6 x 2 is the largest tile that fits.
 */
final class VectorTiles {
    static final int WIDE_ROWS = 14;
    static final int NARROW_ROWS = 6;

    private static final VectorSpecies<Float> SPECIES = VectorSimd.SPECIES;
    private static final int LANES = SPECIES.length();

    /** See {@link VectorSimd#FLOATS}. */
    private static final Class<?> TYPE = VectorSimd.FLOATS;

    private VectorTiles() {}

    /** {@code c = a b}; see {@link Simd#multiply}. */
    static void wide(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c40 = zero;
        FloatVector c41 = zero;
        FloatVector c50 = zero;
        FloatVector c51 = zero;
        FloatVector c60 = zero;
        FloatVector c61 = zero;
        FloatVector c70 = zero;
        FloatVector c71 = zero;
        FloatVector c80 = zero;
        FloatVector c81 = zero;
        FloatVector c90 = zero;
        FloatVector c91 = zero;
        FloatVector cA0 = zero;
        FloatVector cA1 = zero;
        FloatVector cB0 = zero;
        FloatVector cB1 = zero;
        FloatVector cC0 = zero;
        FloatVector cC1 = zero;
        FloatVector cD0 = zero;
        FloatVector cD1 = zero;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * 2 * LANES);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * 2 * LANES + LANES);
            if (b0.getClass() != TYPE || b1.getClass() != TYPE) {
                throw VectorSimd.unlike();
            }
            int row = aAt + k * WIDE_ROWS;
            FloatVector x = FloatVector.broadcast(SPECIES, a[row]);
            c00 = b0.fma(x, c00);
            c01 = b1.fma(x, c01);
            x = FloatVector.broadcast(SPECIES, a[row + 1]);
            c10 = b0.fma(x, c10);
            c11 = b1.fma(x, c11);
            x = FloatVector.broadcast(SPECIES, a[row + 2]);
            c20 = b0.fma(x, c20);
            c21 = b1.fma(x, c21);
            x = FloatVector.broadcast(SPECIES, a[row + 3]);
            c30 = b0.fma(x, c30);
            c31 = b1.fma(x, c31);
            x = FloatVector.broadcast(SPECIES, a[row + 4]);
            c40 = b0.fma(x, c40);
            c41 = b1.fma(x, c41);
            x = FloatVector.broadcast(SPECIES, a[row + 5]);
            c50 = b0.fma(x, c50);
            c51 = b1.fma(x, c51);
            x = FloatVector.broadcast(SPECIES, a[row + 6]);
            c60 = b0.fma(x, c60);
            c61 = b1.fma(x, c61);
            x = FloatVector.broadcast(SPECIES, a[row + 7]);
            c70 = b0.fma(x, c70);
            c71 = b1.fma(x, c71);
            x = FloatVector.broadcast(SPECIES, a[row + 8]);
            c80 = b0.fma(x, c80);
            c81 = b1.fma(x, c81);
            x = FloatVector.broadcast(SPECIES, a[row + 9]);
            c90 = b0.fma(x, c90);
            c91 = b1.fma(x, c91);
            x = FloatVector.broadcast(SPECIES, a[row + 10]);
            cA0 = b0.fma(x, cA0);
            cA1 = b1.fma(x, cA1);
            x = FloatVector.broadcast(SPECIES, a[row + 11]);
            cB0 = b0.fma(x, cB0);
            cB1 = b1.fma(x, cB1);
            x = FloatVector.broadcast(SPECIES, a[row + 12]);
            cC0 = b0.fma(x, cC0);
            cC1 = b1.fma(x, cC1);
            x = FloatVector.broadcast(SPECIES, a[row + 13]);
            cD0 = b0.fma(x, cD0);
            cD1 = b1.fma(x, cD1);
        }
        if (c00.getClass() != TYPE
                || c01.getClass() != TYPE
                || c10.getClass() != TYPE
                || c11.getClass() != TYPE
                || c20.getClass() != TYPE
                || c21.getClass() != TYPE
                || c30.getClass() != TYPE
                || c31.getClass() != TYPE
                || c40.getClass() != TYPE
                || c41.getClass() != TYPE
                || c50.getClass() != TYPE
                || c51.getClass() != TYPE
                || c60.getClass() != TYPE
                || c61.getClass() != TYPE
                || c70.getClass() != TYPE
                || c71.getClass() != TYPE
                || c80.getClass() != TYPE
                || c81.getClass() != TYPE
                || c90.getClass() != TYPE
                || c91.getClass() != TYPE
                || cA0.getClass() != TYPE
                || cA1.getClass() != TYPE
                || cB0.getClass() != TYPE
                || cB1.getClass() != TYPE
                || cC0.getClass() != TYPE
                || cC1.getClass() != TYPE
                || cD0.getClass() != TYPE
                || cD1.getClass() != TYPE) {
            throw VectorSimd.unlike();
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + LANES);
        c10.intoArray(c, cAt + cStride);
        c11.intoArray(c, cAt + cStride + LANES);
        c20.intoArray(c, cAt + 2 * cStride);
        c21.intoArray(c, cAt + 2 * cStride + LANES);
        c30.intoArray(c, cAt + 3 * cStride);
        c31.intoArray(c, cAt + 3 * cStride + LANES);
        c40.intoArray(c, cAt + 4 * cStride);
        c41.intoArray(c, cAt + 4 * cStride + LANES);
        c50.intoArray(c, cAt + 5 * cStride);
        c51.intoArray(c, cAt + 5 * cStride + LANES);
        c60.intoArray(c, cAt + 6 * cStride);
        c61.intoArray(c, cAt + 6 * cStride + LANES);
        c70.intoArray(c, cAt + 7 * cStride);
        c71.intoArray(c, cAt + 7 * cStride + LANES);
        c80.intoArray(c, cAt + 8 * cStride);
        c81.intoArray(c, cAt + 8 * cStride + LANES);
        c90.intoArray(c, cAt + 9 * cStride);
        c91.intoArray(c, cAt + 9 * cStride + LANES);
        cA0.intoArray(c, cAt + 10 * cStride);
        cA1.intoArray(c, cAt + 10 * cStride + LANES);
        cB0.intoArray(c, cAt + 11 * cStride);
        cB1.intoArray(c, cAt + 11 * cStride + LANES);
        cC0.intoArray(c, cAt + 12 * cStride);
        cC1.intoArray(c, cAt + 12 * cStride + LANES);
        cD0.intoArray(c, cAt + 13 * cStride);
        cD1.intoArray(c, cAt + 13 * cStride + LANES);
    }

    /** {@code c = a b}; see {@link Simd#multiply}. */
    static void narrow(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c40 = zero;
        FloatVector c41 = zero;
        FloatVector c50 = zero;
        FloatVector c51 = zero;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * 2 * LANES);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * 2 * LANES + LANES);
            if (b0.getClass() != TYPE || b1.getClass() != TYPE) {
                throw VectorSimd.unlike();
            }
            int row = aAt + k * NARROW_ROWS;
            FloatVector x = FloatVector.broadcast(SPECIES, a[row]);
            c00 = b0.fma(x, c00);
            c01 = b1.fma(x, c01);
            x = FloatVector.broadcast(SPECIES, a[row + 1]);
            c10 = b0.fma(x, c10);
            c11 = b1.fma(x, c11);
            x = FloatVector.broadcast(SPECIES, a[row + 2]);
            c20 = b0.fma(x, c20);
            c21 = b1.fma(x, c21);
            x = FloatVector.broadcast(SPECIES, a[row + 3]);
            c30 = b0.fma(x, c30);
            c31 = b1.fma(x, c31);
            x = FloatVector.broadcast(SPECIES, a[row + 4]);
            c40 = b0.fma(x, c40);
            c41 = b1.fma(x, c41);
            x = FloatVector.broadcast(SPECIES, a[row + 5]);
            c50 = b0.fma(x, c50);
            c51 = b1.fma(x, c51);
        }
        if (c00.getClass() != TYPE
                || c01.getClass() != TYPE
                || c10.getClass() != TYPE
                || c11.getClass() != TYPE
                || c20.getClass() != TYPE
                || c21.getClass() != TYPE
                || c30.getClass() != TYPE
                || c31.getClass() != TYPE
                || c40.getClass() != TYPE
                || c41.getClass() != TYPE
                || c50.getClass() != TYPE
                || c51.getClass() != TYPE) {
            throw VectorSimd.unlike();
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + LANES);
        c10.intoArray(c, cAt + cStride);
        c11.intoArray(c, cAt + cStride + LANES);
        c20.intoArray(c, cAt + 2 * cStride);
        c21.intoArray(c, cAt + 2 * cStride + LANES);
        c30.intoArray(c, cAt + 3 * cStride);
        c31.intoArray(c, cAt + 3 * cStride + LANES);
        c40.intoArray(c, cAt + 4 * cStride);
        c41.intoArray(c, cAt + 4 * cStride + LANES);
        c50.intoArray(c, cAt + 5 * cStride);
        c51.intoArray(c, cAt + 5 * cStride + LANES);
    }
}
