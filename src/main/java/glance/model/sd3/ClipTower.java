package glance.model.sd3;

import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.text.ClipTextConfig;
import glance.model.text.ClipTextEncoder;
import glance.model.text.ClipTextOutput;
import glance.model.text.FixedLength;
import glance.model.text.PromptCut;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One of the two CLIP encoders, with its tokenizer. It sees 77 tokens, padded and cut. */
final class ClipTower implements AutoCloseable {
    private final ClipTextConfig config;
    private final Tokenizer tokenizer;
    private final FixedLength ids;
    private final Weights weights;
    private final ClipTextEncoder encoder;

    ClipTower(Ops ops, ModelFolder folder, String tokenizerName, String encoderName) {
        config = ClipTextConfig.of(folder.config(encoderName));
        if (!config.projected()) {
            throw folder.config(encoderName)
                    .refuse(
                            "architectures",
                            "the encoder has no projection",
                            "Stable Diffusion 3 needs CLIPTextModelWithProjection");
        }
        tokenizer = Tokenizer.load(folder.component(tokenizerName));
        try {
            ids = new FixedLength(tokenizer, config.maxPositions());
            weights = folder.weights(encoderName);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
        try {
            encoder = new ClipTextEncoder(ops, config, weights);
        } catch (RuntimeException e) {
            weights.close();
            tokenizer.close();
            throw e;
        }
    }

    /** Width of its pooled embedding. */
    int projectionDim() {
        return config.projectionDim();
    }

    /** Start token, text and end token, padded to all positions that the encoder has. */
    int[] tokenIds(String prompt) {
        return ids.ids(prompt);
    }

    /** What it does not see of a prompt, under this name. */
    Optional<PromptCut> cut(String name, String prompt) {
        return ids.cut(name, prompt, ids.length());
    }

    ClipTextOutput encode(Ops ops, List<String> prompts) {
        return encoder.encode(ops, prompts.stream().map(this::tokenIds).toList());
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
