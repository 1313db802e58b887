package glance.check;

import glance.io.Weights;
import glance.model.text.Qwen25VlConfig;
import glance.model.text.Qwen25VlTextEncoder;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/** The text part of Qwen2.5-VL; recorded rows of padding are zero. */
final class Qwen25VlCheck {
    private Qwen25VlCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Qwen25VlConfig config = Qwen25VlConfig.of(folder.config());
        List<int[]> ids = folder.integerRows("in.input_ids");
        int[] lengths = Masks.lengths(folder, "in.attention_mask");
        for (int b = 0; b < lengths.length; b++) {
            ids.set(b, java.util.Arrays.copyOf(ids.get(b), lengths[b]));
        }
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                Qwen25VlTextEncoder encoder = new Qwen25VlTextEncoder(ops, config, weights)) {
            Tensor hidden = encoder.encode(ops, ids).embeddings();
            folder.compare("out.hidden_states", ops, Masks.zeroPadding(ops, hidden, lengths));
        }
    }
}
