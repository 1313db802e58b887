package glance.model.text;

import glance.nn.GatedMlp;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.nn.RopeTables;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The vision tower of Qwen2.5-VL (Bai et al., arXiv 2502.13923): a transformer over the patches of
 * a picture, of which most blocks see no further than a window.
 *
 * <pre>
 *   x = x + proj(attention(norm1(x)))      rows turn one half of a head, columns the other
 *   x = x + mlp(norm2(x))                  SwiGLU
 * </pre>
 *
 * Then the patches of a unit stand side by side, and an MLP makes a token of the text of them.
 * Equals Qwen2_5_VisionTransformerPretrainedModel of transformers.
 */
final class QwenVisionTower {
    private static final float EPS = 1e-6f;

    private final QwenVisionConfig config;
    private final Linear patches;
    private final List<Block> blocks = new ArrayList<>();
    private final RmsNorm mergerNorm;
    private final Linear mergerIn;
    private final Linear mergerOut;
    private final RopeTables rope;

    QwenVisionTower(QwenVisionConfig config, Parameters p) {
        this.config = config;
        int dim = config.hiddenDim();
        patches =
                p.in("patch_embed")
                        .framePatches(
                                "proj",
                                config.channels(),
                                config.frames(),
                                config.patchSize(),
                                dim);
        for (int i = 0; i < config.depth(); i++) {
            boolean whole = config.wholeBlocks().contains(i);
            blocks.add(new Block(config, whole, p.in("blocks").in(i)));
        }
        int wide = config.mergeSize() * config.mergeSize() * dim;
        Parameters merger = p.in("merger");
        mergerNorm = merger.rmsNorm("ln_q", dim, EPS);
        mergerIn = merger.linear("mlp.0", wide, wide);
        mergerOut = merger.linear("mlp.2", wide, config.outDim());
        int half = dim / config.numHeads() / 2;
        rope = new RopeTables(config.ropeTheta(), half, half);
    }

    /**
     * What the text sees of a picture.
     *
     * @return [units, outDim], row by row, in the innermost scope
     */
    Tensor forward(Ops ops, QwenPictures.Patches picture) {
        QwenPictures.Units units = picture.units();
        int side = config.windowSize() / (config.patchSize() * config.mergeSize());
        QwenWindows windows = QwenWindows.of(units, side);
        int group = config.mergeSize() * config.mergeSize();
        try (Scope scope = ops.scope()) {
            Tensor x = patches.forward(ops, upload(ops, picture, windows.order(), group));
            Rope positions = positions(ops, windows.order(), units);
            for (Block block : blocks) {
                Tensor next = block.forward(ops, x, windows.kinds(), group, positions);
                ops.free(x);
                x = next;
            }
            Tensor wide =
                    mergerNorm
                            .forward(ops, x)
                            .reshape(1, units.count(), group * config.hiddenDim());
            Tensor inner = mergerIn.forward(ops, wide, Epilogue.activation(Activation.GELU_ERF));
            Tensor sorted = mergerOut.forward(ops, inner).reshape(units.count(), config.outDim());
            Tensor places = ops.host().ints(Shape.of(units.count()), places(windows.order()));
            return scope.keep(ops.embedding(places, sorted));
        }
    }

    /** Patches in the order of the windows: [1, patches, values]. */
    private static Tensor upload(Ops ops, QwenPictures.Patches picture, int[] order, int group) {
        float[] values = new float[picture.values().length];
        int length = values.length / order.length;
        for (int place = 0; place < order.length; place++) {
            System.arraycopy(
                    picture.values(), order[place] * length, values, place * length, length);
        }
        int patchCount = order.length * group;
        Tensor floats =
                ops.host().floats(Shape.of(1, patchCount, values.length / patchCount), values);
        return ops.cast(floats, ops.computeType());
    }

    /** Each patch is at its row and its column. */
    private Rope positions(Ops ops, int[] order, QwenPictures.Units units) {
        int merge = config.mergeSize();
        int group = merge * merge;
        return rope.build(
                ops,
                order.length * group,
                Rope.Pairing.HALVES,
                (row, axis) -> {
                    int unit = order[row / group];
                    int inside = row % group;
                    return axis == 0
                            ? unit / units.width() * merge + inside / merge
                            : unit % units.width() * merge + inside % merge;
                });
    }

    /** Where each unit stands. */
    private static int[] places(int[] order) {
        int[] places = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            places[order[place]] = place;
        }
        return places;
    }

    private static final class Block {
        private final int numHeads;
        private final int headDim;
        private final boolean whole;
        private final RmsNorm norm1;
        private final RmsNorm norm2;
        private final Linear qkv;
        private final Linear proj;
        private final GatedMlp mlp;

        /**
         * @param whole whether every patch sees all others
         */
        Block(QwenVisionConfig config, boolean whole, Parameters p) {
            int dim = config.hiddenDim();
            int inner = config.intermediateDim();
            this.numHeads = config.numHeads();
            this.headDim = dim / numHeads;
            this.whole = whole;
            norm1 = p.rmsNorm("norm1", dim, EPS);
            norm2 = p.rmsNorm("norm2", dim, EPS);
            qkv = p.linear("attn.qkv", dim, 3 * dim);
            proj = p.linear("attn.proj", dim, dim);
            mlp =
                    new GatedMlp(
                            p.linear("mlp.gate_proj", dim, inner),
                            p.linear("mlp.up_proj", dim, inner),
                            p.linear("mlp.down_proj", inner, dim));
        }

        /** x is [1, patches, dim], sorted by windows. */
        Tensor forward(
                Ops ops, Tensor x, List<QwenWindows.Kind> windows, int group, Rope positions) {
            try (Scope scope = ops.scope()) {
                Tensor attended;
                try (Scope inner = ops.scope()) {
                    Tensor all = qkv.forward(ops, norm1.forward(ops, x));
                    Tensor q = rotate(ops, part(all, 0), positions);
                    Tensor k = rotate(ops, part(all, 1), positions);
                    Tensor mixed = mixed(ops, q, k, part(all, 2), windows, group);
                    attended = inner.keep(proj.forward(ops, mixed, Epilogue.add(x)));
                }
                Tensor y = norm2.forward(ops, attended);
                return scope.keep(mlp.forward(ops, y, Epilogue.add(attended)));
            }
        }

        private Tensor mixed(
                Ops ops, Tensor q, Tensor k, Tensor v, List<QwenWindows.Kind> windows, int group) {
            int patches = q.dim(1);
            if (whole) {
                return attention(ops, q, k, v).reshape(1, patches, numHeads * headDim);
            }
            List<Tensor> parts = new ArrayList<>();
            int at = 0;
            for (QwenWindows.Kind kind : windows) {
                int size = kind.units() * group;
                int length = kind.windows() * size;
                Tensor part =
                        attention(
                                ops,
                                cut(q, at, length, size),
                                cut(k, at, length, size),
                                cut(v, at, length, size));
                parts.add(part.reshape(1, length, numHeads * headDim));
                at += length;
            }
            return parts.size() == 1 ? parts.get(0) : ops.concat(1, parts);
        }

        /** Some patches as windows: [windows, size, numHeads, headDim]. */
        private Tensor cut(Tensor x, int start, int length, int size) {
            return x.narrow(1, start, length).reshape(length / size, size, numHeads, headDim);
        }

        private Tensor attention(Ops ops, Tensor q, Tensor k, Tensor v) {
            float scale = (float) (1 / Math.sqrt(headDim));
            return ops.attention(q, k, v, scale, AttentionMask.none());
        }

        /** Queries, keys or values: [1, patches, numHeads, headDim]. */
        private Tensor part(Tensor qkv, int which) {
            int dim = numHeads * headDim;
            return qkv.narrow(2, which * dim, dim).reshape(1, qkv.dim(1), numHeads, headDim);
        }

        private static Tensor rotate(Ops ops, Tensor x, Rope positions) {
            return ops.headNormRope(List.of(x), Collections.singletonList(null), EPS, positions);
        }
    }
}
