package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Tokenizer;
import glance.ops.Ops;

/** Texts to token ids; the error of a text is the number of places where its ids differ. */
final class TokenizerCheck {
    private TokenizerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Tokenizer tokenizer = Tokenizer.load(folder.path());
        int number = 0;
        for (JsonNode text : folder.required("cases")) {
            int[] got = tokenizer.encode(text.path("text").asText());
            JsonNode want = text.path("input_ids");
            int differences = Math.abs(got.length - want.size());
            for (int i = 0; i < Math.min(got.length, want.size()); i++) {
                differences += got[i] == want.get(i).asInt() ? 0 : 1;
            }
            folder.add("cases[" + number++ + "].input_ids", differences, 0);
        }
    }
}
