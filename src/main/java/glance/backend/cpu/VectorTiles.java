package glance.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of the matrix product on the Vector API. The accumulators of a tile must all stay in
 * registers, and the JIT only keeps local variables there, hence the long lists of them. Measured
 * on 32 registers of 512 bits: 14 x 2 vectors reach 165 GFLOP/s on one core, 12 x 2 150, 8 x 2 120,
 * 6 x 4 150 or less. With 16 registers 6 x 2 is the largest tile that fits.
 *
 * <p>A tile does no more than it must: what is inlined into 14 x 2 is close to the nodes that the
 * JIT takes. When tiles also read what they add to, some runs had stores that were not inlined, and
 * took seven times as long.
 */
final class VectorTiles {
    static final int WIDE_ROWS = 14;
    static final int NARROW_ROWS = 6;

    private static final VectorSpecies<Float> SPECIES = VectorSimd.SPECIES;
    private static final int LANES = SPECIES.length();

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
            int row = aAt + k * WIDE_ROWS;
            FloatVector x = FloatVector.broadcast(SPECIES, a[row]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[row + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(SPECIES, a[row + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(SPECIES, a[row + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(SPECIES, a[row + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(SPECIES, a[row + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(SPECIES, a[row + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(SPECIES, a[row + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            x = FloatVector.broadcast(SPECIES, a[row + 8]);
            c80 = x.fma(b0, c80);
            c81 = x.fma(b1, c81);
            x = FloatVector.broadcast(SPECIES, a[row + 9]);
            c90 = x.fma(b0, c90);
            c91 = x.fma(b1, c91);
            x = FloatVector.broadcast(SPECIES, a[row + 10]);
            cA0 = x.fma(b0, cA0);
            cA1 = x.fma(b1, cA1);
            x = FloatVector.broadcast(SPECIES, a[row + 11]);
            cB0 = x.fma(b0, cB0);
            cB1 = x.fma(b1, cB1);
            x = FloatVector.broadcast(SPECIES, a[row + 12]);
            cC0 = x.fma(b0, cC0);
            cC1 = x.fma(b1, cC1);
            x = FloatVector.broadcast(SPECIES, a[row + 13]);
            cD0 = x.fma(b0, cD0);
            cD1 = x.fma(b1, cD1);
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
            int row = aAt + k * NARROW_ROWS;
            FloatVector x = FloatVector.broadcast(SPECIES, a[row]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[row + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(SPECIES, a[row + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(SPECIES, a[row + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(SPECIES, a[row + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(SPECIES, a[row + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
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
