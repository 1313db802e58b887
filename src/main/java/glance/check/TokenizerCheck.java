package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.model.text.FixedLength;
import glance.ops.Ops;
import glance.tokenizer.Tokenizer;

/**
 * Texts to token ids; the error of a text is the number of places where its ids differ. Recorded
 * ids are padded, except those of Qwen2, whose pipeline pads in a batch.
 */
final class TokenizerCheck {
    private TokenizerCheck() {}

    /** Text and length of what was recorded, to ids. */
    private interface Encoding {
        int[] ids(String text, int length);
    }

    static void run(CaseFolder folder, Ops ops) {
        try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
            compare(folder, (text, length) -> tokenizer.encode(text));
        }
    }

    static void runPadded(CaseFolder folder, Ops ops) {
        try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
            compare(folder, (text, length) -> new FixedLength(tokenizer, length).ids(text));
        }
    }

    private static void compare(CaseFolder folder, Encoding encoding) {
        int number = 0;
        for (JsonNode text : folder.required("cases")) {
            JsonNode want = text.path("input_ids");
            int[] got = encoding.ids(text.path("text").asText(), want.size());
            int differences = Math.abs(got.length - want.size());
            for (int i = 0; i < Math.min(got.length, want.size()); i++) {
                differences += got[i] == want.get(i).asInt() ? 0 : 1;
            }
            folder.add("cases[" + number++ + "].input_ids", differences, 0);
        }
    }
}
