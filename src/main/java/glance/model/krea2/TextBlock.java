package glance.model.krea2;

import glance.nn.GatedMlp;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A block of the text alone: attention and MLP, each after a norm and added to the stream. It knows
 * neither positions nor the noise level.
 */
final class TextBlock {
    private final RmsNorm norm1;
    private final RmsNorm norm2;
    private final GatedAttention attention;
    private final GatedMlp mlp;

    TextBlock(Krea2Config.Text config, float eps, Parameters p) {
        norm1 = p.rmsNormPlusOne("norm1", config.dim(), eps);
        norm2 = p.rmsNormPlusOne("norm2", config.dim(), eps);
        attention = GatedAttention.of(p.in("attn"), config.heads(), eps);
        mlp = GatedMlp.of(p.in("ff"), config.dim(), config.mlpDim());
    }

    /**
     * Runs blocks one after the other; their inner results are not kept by training but computed
     * again.
     *
     * @param x [batch, seqLen, dim]
     */
    static Tensor all(Ops ops, List<TextBlock> blocks, Tensor x, AttentionMask mask) {
        Tensor hidden = x;
        for (TextBlock block : blocks) {
            List<Tensor> reads = new ArrayList<>(List.of(hidden));
            if (mask.lengths() != null) {
                reads.add(mask.lengths());
            }
            Tensor in = hidden;
            hidden = ops.checkpoint(reads, () -> List.of(block.forward(ops, in, mask))).get(0);
            if (in != x) {
                ops.free(in);
            }
        }
        return hidden;
    }

    private Tensor forward(Ops ops, Tensor x, AttentionMask mask) {
        try (Scope scope = ops.scope()) {
            Tensor attended =
                    attention.forward(ops, norm1.forward(ops, x), mask, null, Epilogue.add(x));
            Tensor y = norm2.forward(ops, attended);
            return scope.keep(mlp.forward(ops, y, Epilogue.add(attended)));
        }
    }
}
