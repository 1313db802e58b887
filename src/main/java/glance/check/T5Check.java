package glance.check;

import glance.io.Weights;
import glance.model.text.T5Config;
import glance.model.text.T5TextEncoder;
import glance.ops.Ops;

/** The T5 encoder, without an attention mask. */
final class T5Check {
    private T5Check() {}

    static void run(CaseFolder folder, Ops ops) {
        T5Config config = T5Config.of(folder.config());
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                T5TextEncoder encoder = new T5TextEncoder(ops, config, weights)) {
            folder.compare(
                    "out.last_hidden_state",
                    ops,
                    encoder.encode(ops, folder.integerRows("in.input_ids")));
        }
    }
}
