package glance.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Simd#dots} on the Vector API: all partial sums stay in registers. */
final class VectorDots {
    private static final VectorSpecies<Float> SPECIES = VectorSimd.SPECIES;
    private static final int LANES = SPECIES.length();

    /** See {@link VectorSimd#FLOATS}. */
    private static final Class<?> TYPE = VectorSimd.FLOATS;

    private VectorDots() {}

    static void floats(
            int count,
            float[] a,
            int aAt,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector s01 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, sums, at + 4 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, sums, at + 5 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, sums, at + 6 * LANES);
        FloatVector s31 = FloatVector.fromArray(SPECIES, sums, at + 7 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + bStride + k);
            if (b0.getClass() != TYPE || b1.getClass() != TYPE) {
                throw VectorSimd.unlike();
            }
            FloatVector row = FloatVector.fromArray(SPECIES, a, aAt + k);
            s00 = b0.fma(row, s00);
            s01 = b1.fma(row, s01);
            row = FloatVector.fromArray(SPECIES, a, aAt + aStride + k);
            s10 = b0.fma(row, s10);
            s11 = b1.fma(row, s11);
            row = FloatVector.fromArray(SPECIES, a, aAt + 2 * aStride + k);
            s20 = b0.fma(row, s20);
            s21 = b1.fma(row, s21);
            row = FloatVector.fromArray(SPECIES, a, aAt + 3 * aStride + k);
            s30 = b0.fma(row, s30);
            s31 = b1.fma(row, s31);
        }
        if (s00.getClass() != TYPE
                || s01.getClass() != TYPE
                || s10.getClass() != TYPE
                || s11.getClass() != TYPE
                || s20.getClass() != TYPE
                || s21.getClass() != TYPE
                || s30.getClass() != TYPE
                || s31.getClass() != TYPE) {
            throw VectorSimd.unlike();
        }
        s00.intoArray(sums, at);
        s01.intoArray(sums, at + LANES);
        s10.intoArray(sums, at + 2 * LANES);
        s11.intoArray(sums, at + 3 * LANES);
        s20.intoArray(sums, at + 4 * LANES);
        s21.intoArray(sums, at + 5 * LANES);
        s30.intoArray(sums, at + 6 * LANES);
        s31.intoArray(sums, at + 7 * LANES);
    }

    static void shorts(
            int count,
            short[] a,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector s01 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, sums, at + 2 * LANES);
        FloatVector s11 = FloatVector.fromArray(SPECIES, sums, at + 3 * LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, sums, at + 4 * LANES);
        FloatVector s21 = FloatVector.fromArray(SPECIES, sums, at + 5 * LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, sums, at + 6 * LANES);
        FloatVector s31 = FloatVector.fromArray(SPECIES, sums, at + 7 * LANES);
        for (int k = 0; k < count; k += LANES) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + bStride + k);
            if (b0.getClass() != TYPE || b1.getClass() != TYPE) {
                throw VectorSimd.unlike();
            }
            FloatVector row = VectorSimd.bfloats(a, k);
            s00 = b0.fma(row, s00);
            s01 = b1.fma(row, s01);
            row = VectorSimd.bfloats(a, aStride + k);
            s10 = b0.fma(row, s10);
            s11 = b1.fma(row, s11);
            row = VectorSimd.bfloats(a, 2 * aStride + k);
            s20 = b0.fma(row, s20);
            s21 = b1.fma(row, s21);
            row = VectorSimd.bfloats(a, 3 * aStride + k);
            s30 = b0.fma(row, s30);
            s31 = b1.fma(row, s31);
        }
        if (s00.getClass() != TYPE
                || s01.getClass() != TYPE
                || s10.getClass() != TYPE
                || s11.getClass() != TYPE
                || s20.getClass() != TYPE
                || s21.getClass() != TYPE
                || s30.getClass() != TYPE
                || s31.getClass() != TYPE) {
            throw VectorSimd.unlike();
        }
        s00.intoArray(sums, at);
        s01.intoArray(sums, at + LANES);
        s10.intoArray(sums, at + 2 * LANES);
        s11.intoArray(sums, at + 3 * LANES);
        s20.intoArray(sums, at + 4 * LANES);
        s21.intoArray(sums, at + 5 * LANES);
        s30.intoArray(sums, at + 6 * LANES);
        s31.intoArray(sums, at + 7 * LANES);
    }
}
