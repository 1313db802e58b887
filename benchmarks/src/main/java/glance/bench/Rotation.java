package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.op.Rope;

/** Rotary tables of arbitrary angles: both sides do the same work whatever the angles are. */
final class Rotation {
    private final int rows;
    private final int half;
    private final float[] cos;
    private final float[] sin;

    Rotation(Values values, int rows, int headDim) {
        this.rows = rows;
        this.half = headDim / 2;
        float[] angles = values.uniform(rows * half, Math.PI);
        cos = new float[angles.length];
        sin = new float[angles.length];
        for (int i = 0; i < angles.length; i++) {
            cos[i] = (float) Math.cos(angles[i]);
            sin[i] = (float) Math.sin(angles[i]);
        }
    }

    Rope engine(Glance glance) {
        return new Rope(
                glance.floats(cos, rows, half),
                glance.floats(sin, rows, half),
                Rope.Pairing.INTERLEAVED);
    }

    /** [rows, headDim / 2, 2]: complex numbers as pairs. */
    IValue peer(Torch torch) {
        float[] pairs = new float[2 * cos.length];
        for (int i = 0; i < cos.length; i++) {
            pairs[2 * i] = cos[i];
            pairs[2 * i + 1] = sin[i];
        }
        return torch.argument(pairs, rows, half, 2);
    }
}
