package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/** AdamW on moments in 8 bits, block by block. */
final class AdamW8BitKernel implements Kernel<TrainingOp.AdamW8Bit> {
    private static final int SIZE = QuantizedBlocks.SIZE;
    private static final Codes SIGNED = new Codes(QuantizedBlocks.signedValues());
    private static final Codes UNSIGNED = new Codes(QuantizedBlocks.unsignedValues());

    private final Workers workers;

    AdamW8BitKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(TrainingOp.AdamW8Bit op) {
        AdamWUpdate update =
                new AdamWUpdate(op.settings(), op.clip(), op.learningRate(), op.step());
        for (int i = 0; i < op.parameters().size(); i++) {
            parameter(
                    update,
                    op.parameters().get(i),
                    op.gradients().get(i),
                    op.firstMoments().get(i),
                    op.secondMoments().get(i));
        }
    }

    private void parameter(
            AdamWUpdate update,
            Tensor parameter,
            Tensor gradient,
            QuantizedBlocks first,
            QuantizedBlocks second) {
        int numel = (int) parameter.numel();
        float[] values = CpuStorage.floats(parameter);
        float[] gradients = CpuStorage.floats(gradient);
        workers.forEachRange(
                QuantizedBlocks.blocks(numel),
                SIZE,
                block -> {
                    int from = block * SIZE;
                    int count = Math.min(SIZE, numel - from);
                    float[] m = new float[count];
                    float[] v = new float[count];
                    SIGNED.unpack(first, block, m);
                    UNSIGNED.unpack(second, block, v);
                    update.run(
                            values,
                            (int) parameter.offset() + from,
                            gradients,
                            (int) gradient.offset() + from,
                            m,
                            0,
                            v,
                            0,
                            count);
                    SIGNED.pack(m, first, block, false);
                    UNSIGNED.pack(v, second, block, true);
                });
    }

    /** Both ways between codes and the values they stand for. */
    private static final class Codes {
        private final float[] values;
        private final int zero;

        Codes(float[] values) {
            this.values = values;
            this.zero = nearest(0);
        }

        void unpack(QuantizedBlocks from, int block, float[] to) {
            ByteBuffer codes = CpuStorage.of(from.codes()).bytes;
            int at = (int) from.codes().offset() + block * SIZE;
            float scale = scales(from)[scaleAt(from, block)];
            for (int i = 0; i < to.length; i++) {
                to[i] = values[codes.get(at + i) & 0xff] * scale;
            }
        }

        void pack(float[] from, QuantizedBlocks to, int block, boolean keepAboveZero) {
            float scale = 0;
            for (float value : from) {
                scale = Math.max(scale, Math.abs(value));
            }
            ByteBuffer codes = CpuStorage.of(to.codes()).bytes;
            int at = (int) to.codes().offset() + block * SIZE;
            for (int i = 0; i < from.length; i++) {
                int code = scale == 0 ? zero : nearest(from[i] / scale);
                if (keepAboveZero && code == zero && from[i] > 0) {
                    code++;
                }
                codes.put(at + i, (byte) code);
            }
            scales(to)[scaleAt(to, block)] = scale;
        }

        private static float[] scales(QuantizedBlocks blocks) {
            return CpuStorage.floats(blocks.scales());
        }

        private static int scaleAt(QuantizedBlocks blocks, int block) {
            return (int) blocks.scales().offset() + block;
        }

        /** The code of the nearest value, the smaller one of two equally near. */
        private int nearest(float x) {
            int low = 0;
            int high = values.length - 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (x - values[middle] <= values[middle + 1] - x) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low;
        }
    }
}
