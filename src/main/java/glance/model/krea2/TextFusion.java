package glance.model.krea2;

import glance.model.text.TextBatch;
import glance.model.transformer.Embedder;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One stream of text from several layers of the text encoder: blocks attend over the layers of each
 * token, a product joins these, blocks attend over the tokens, and two linear layers bring the
 * result to the width of the transformer. It does not depend on the noise level.
 */
final class TextFusion {
    private final Krea2Config.Text config;
    private final List<TextBlock> layerBlocks = new ArrayList<>();
    private final Linear projector;
    private final List<TextBlock> tokenBlocks = new ArrayList<>();
    private final RmsNorm norm;
    private final Embedder textIn;

    /** Takes {@code text_fusion} and {@code txt_in} from {@code p}. */
    TextFusion(Krea2Config all, Parameters p) {
        config = all.text();
        Parameters own = p.in("text_fusion");
        for (int i = 0; i < config.layerBlocks(); i++) {
            layerBlocks.add(new TextBlock(config, all.eps(), own.in("layerwise_blocks").in(i)));
        }
        projector = own.linearNoBias("projector", config.layers(), 1);
        for (int i = 0; i < config.tokenBlocks(); i++) {
            tokenBlocks.add(new TextBlock(config, all.eps(), own.in("refiner_blocks").in(i)));
        }
        Parameters in = p.in("txt_in");
        norm = in.rmsNormPlusOne("norm", config.dim(), all.eps());
        textIn = Embedder.of(in, config.dim(), Activation.GELU_TANH, all.hiddenDim());
    }

    /**
     * The stream of text under the adapters that are active now.
     *
     * @param text embeddings [batch, maxLen, layers * dim], a token's layers one after the other
     * @return [batch, maxLen, hiddenDim]; rows of padding are undefined
     */
    Tensor forward(Ops ops, TextBatch text) {
        Tensor embeddings = text.embeddings();
        int batch = embeddings.dim(0);
        int maxLen = embeddings.dim(1);
        AttentionMask mask = AttentionMask.paddedPrefix(maxLen, text.lengths());
        try (Scope scope = ops.scope()) {
            Tensor layers =
                    ops.contiguous(embeddings)
                            .reshape(batch * maxLen, config.layers(), config.dim());
            layers = TextBlock.all(ops, layerBlocks, layers, AttentionMask.none());
            Tensor joined = projector.forward(ops, ops.contiguous(layers.permute(0, 2, 1)));
            Tensor tokens = joined.reshape(batch, maxLen, config.dim());
            tokens = TextBlock.all(ops, tokenBlocks, tokens, mask);
            return scope.keep(textIn.forward(ops, norm.forward(ops, tokens)));
        }
    }
}
