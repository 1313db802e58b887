package glance.model.sd3;

import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.PromptTokens;
import glance.model.text.FixedLength;
import glance.model.text.PromptCut;
import glance.model.text.T5Config;
import glance.model.text.T5TextEncoder;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The T5 encoder with its tokenizer. Its padding is attended to, as in the reference. */
final class T5Tower implements AutoCloseable {
    private final T5Config config;
    private final Tokenizer tokenizer;
    private final FixedLength ids;
    private final int most;
    private final Weights weights;
    private final T5TextEncoder encoder;

    T5Tower(
            Ops ops,
            ModelFolder folder,
            String tokenizerName,
            String encoderName,
            PromptTokens tokens) {
        most = tokens.most();
        config = T5Config.of(folder.config(encoderName));
        tokenizer = Tokenizer.load(folder.component(tokenizerName));
        try {
            ids = new FixedLength(tokenizer, tokens.usual());
            weights = folder.weights(encoderName);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
        try {
            encoder = new T5TextEncoder(ops, config, weights);
        } catch (RuntimeException e) {
            weights.close();
            tokenizer.close();
            throw e;
        }
    }

    /** Width of its embeddings. */
    int hiddenDim() {
        return config.hiddenDim();
    }

    /** What it does not see of a prompt. */
    Optional<PromptCut> cut(String prompt) {
        return ids.cut("T5", prompt, most);
    }

    /** [batch, tokens, dim]. */
    Tensor encode(Ops ops, List<String> prompts) {
        return encoder.encode(ops, prompts.stream().map(ids::ids).toList());
    }

    /** The encoder's linear layers. */
    Map<String, Linear> linears() {
        return encoder.linears();
    }

    @Override
    public void close() {
        encoder.close();
        weights.close();
        tokenizer.close();
    }
}
