package glance.model.krea2;

import glance.nn.GatedMlp;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.nn.Weight;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A block over text and picture as one sequence. Its modulation is the same vector for all blocks
 * plus a table of its own.
 *
 * <pre>
 *   x = x + gate1 * attention(norm1(x) * (1 + scale1) + shift1)
 *   x = x + gate2 * mlp(norm2(x) * (1 + scale2) + shift2)
 *
 *   modulation: | scale1 | shift1 | gate1 | scale2 | shift2 | gate2 |
 * </pre>
 */
final class Krea2Block {
    /** Vectors of a modulation. */
    static final int PARTS = 6;

    private final int dim;
    private final Weight table; // (PARTS, dim)
    private final RmsNorm norm1;
    private final RmsNorm norm2;
    private final GatedAttention attention;
    private final GatedMlp mlp;

    Krea2Block(Krea2Config config, Parameters p) {
        dim = config.hiddenDim();
        table = p.conditioning().weight("scale_shift_table", PARTS, dim);
        norm1 = p.rmsNormPlusOne("norm1", dim, config.eps());
        norm2 = p.rmsNormPlusOne("norm2", dim, config.eps());
        attention = GatedAttention.of(p.in("attn"), config.heads(), config.eps());
        mlp = GatedMlp.of(p.in("ff"), dim, config.mlpDim());
    }

    /** [rows, 6 * dim] from the vectors of all blocks, [rows, 6 * dim]. */
    Tensor modulation(Ops ops, Tensor shared) {
        return ops.add(shared, ops.pack(table.in(ops)).reshape(PARTS * dim));
    }

    /**
     * Runs the block; its inner results are not kept by training but computed again.
     *
     * @param x [batch, textLen + imageLen, dim]
     * @param mod [batch or 1, 6 * dim]
     * @param mask over the joint sequence, text first
     */
    Tensor checkpointed(Ops ops, Tensor x, Tensor mod, AttentionMask mask, Rope rope) {
        List<Tensor> reads = new ArrayList<>(List.of(x, mod, rope.cos(), rope.sin()));
        if (mask.lengths() != null) {
            reads.add(mask.lengths());
        }
        return ops.checkpoint(reads, () -> List.of(forward(ops, x, mod, mask, rope))).get(0);
    }

    private Tensor forward(Ops ops, Tensor x, Tensor mod, AttentionMask mask, Rope rope) {
        try (Scope scope = ops.scope()) {
            Tensor attended;
            try (Scope inner = ops.scope()) {
                Tensor y = norm1.modulated(ops, x, part(mod, 0), part(mod, 1));
                Epilogue gated = Epilogue.gated(part(mod, 2), x);
                attended = inner.keep(attention.forward(ops, y, mask, rope, gated));
            }
            Tensor y = norm2.modulated(ops, attended, part(mod, 3), part(mod, 4));
            return scope.keep(mlp.forward(ops, y, Epilogue.gated(part(mod, 5), attended)));
        }
    }

    private Tensor part(Tensor mod, int which) {
        return mod.narrow(1, which * dim, dim);
    }
}
