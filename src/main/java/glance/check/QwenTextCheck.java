package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Weights;
import glance.model.text.ChatTemplate;
import glance.model.text.PaddedTexts;
import glance.model.text.QwenConfig;
import glance.model.text.QwenTextEncoder;
import glance.ops.Ops;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The text part of a Qwen: the last hidden states with recorded rows of padding zero, or for each
 * of several cases its tokens and all hidden states, padding included.
 */
final class QwenTextCheck {
    private QwenTextCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        if (folder.json().has("pictures")) {
            QwenVisionCheck.run(folder, ops);
            return;
        }
        QwenConfig config = QwenConfig.of(folder.config());
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                QwenTextEncoder encoder = new QwenTextEncoder(ops, config, weights)) {
            if (folder.json().has("cases")) {
                folder.json().get("cases").forEach(one -> named(folder, ops, encoder, one));
                return;
            }
            List<int[]> ids = folder.integerRows("in.input_ids");
            int[] lengths = Masks.lengths(folder, "in.attention_mask");
            for (int b = 0; b < lengths.length; b++) {
                ids.set(b, Arrays.copyOf(ids.get(b), lengths[b]));
            }
            Tensor hidden = encoder.encode(ops, ids).embeddings();
            folder.compare("out.hidden_states", ops, Masks.zeroPadding(ops, hidden, lengths));
        }
    }

    private static void named(CaseFolder folder, Ops ops, QwenTextEncoder encoder, JsonNode one) {
        String name = one.path("name").asText();
        String ids = "in." + name + ".input_ids";
        tokens(folder, one, ids);
        int[] lengths = Masks.lengths(folder, "in." + name + ".attention_mask");
        PaddedTexts texts = new PaddedTexts(folder.integerRows(ids), lengths);
        int[] all = IntStream.rangeClosed(0, encoder.lastState()).toArray();
        List<Tensor> states = encoder.states(ops, texts, all);
        for (int state : all) {
            folder.compare("out." + name + ".hidden_states." + state, ops, states.get(state));
        }
    }

    /** The ids of the texts in their template; the error is the number of places that differ. */
    private static void tokens(CaseFolder folder, JsonNode one, String name) {
        boolean thinking = !one.path("name").asText().equals("plain");
        ChatTemplate.require(folder.path(), thinking);
        List<int[]> recorded = folder.integerRows(name);
        try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
            for (int i = 0; i < recorded.size(); i++) {
                String text =
                        ChatTemplate.before()
                                + one.path("texts").path(i).asText()
                                + ChatTemplate.after(thinking);
                boolean same = text.equals(one.path("templated").path(i).asText());
                folder.add(name + ".template." + i, same ? 0 : 1, 0);
                int[] want = recorded.get(i);
                int[] got =
                        PaddedTexts.of(
                                        List.of(tokenizer.encode(text)),
                                        want.length,
                                        tokenizer.padId())
                                .rows()
                                .get(0);
                long differ =
                        IntStream.range(0, want.length).filter(k -> got[k] != want[k]).count();
                folder.add(name + "." + i, differ, 0);
            }
        }
    }
}
