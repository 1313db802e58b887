package glance.check;

import glance.io.Weights;
import glance.model.text.ClipTextConfig;
import glance.model.text.ClipTextEncoder;
import glance.model.text.ClipTextOutput;
import glance.ops.Ops;

/** CLIP text models, with and without projection. */
final class ClipTextCheck {
    private static final String POOLED = "out.pooler_output";
    private static final String PROJECTED = "out.text_embeds";

    private ClipTextCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        ClipTextConfig config = ClipTextConfig.of(folder.config());
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                ClipTextEncoder encoder = new ClipTextEncoder(ops, config, weights)) {
            ClipTextOutput output = encoder.encode(ops, folder.integerRows("in.input_ids"));
            folder.compare("out.last_hidden_state", ops, output.last());
            if (folder.has(POOLED)) {
                folder.compare(POOLED, ops, output.pooled());
            }
            if (output.projected() != null) {
                folder.compare(PROJECTED, ops, output.projected());
            }
        }
    }
}
