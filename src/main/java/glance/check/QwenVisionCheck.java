package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Config;
import glance.io.Weights;
import glance.model.text.ChatTemplate;
import glance.model.text.QwenConfig;
import glance.model.text.QwenPictures;
import glance.model.text.QwenTextEncoder;
import glance.model.text.QwenVisionConfig;
import glance.ops.Ops;
import glance.pipeline.ReferencePicture;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Qwen2.5-VL with pictures, step by step: patches from the pictures, what the tower makes of them,
 * the tokens of the text, their positions on three axes, and the last hidden states.
 */
final class QwenVisionCheck {
    /** Values are float32, and exact but for the order of a division and a difference. */
    private static final double PIXELS = 1e-6;

    private static final String END = "<|im_end|>\n";

    private final CaseFolder folder;
    private final Ops ops;

    private QwenVisionCheck(CaseFolder folder, Ops ops) {
        this.folder = folder;
        this.ops = ops;
    }

    static void run(CaseFolder folder, Ops ops) {
        QwenVisionCheck check = new QwenVisionCheck(folder, ops);
        Config config = folder.config();
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                QwenTextEncoder encoder =
                        new QwenTextEncoder(
                                ops,
                                QwenConfig.of(config),
                                Optional.of(QwenVisionConfig.of(config)),
                                weights)) {
            List<QwenPictures.Patches> pictures = check.pictures();
            check.patches(pictures);
            check.tower(encoder, pictures);
            int[] ids = check.ids(encoder, pictures);
            check.positions(encoder.positions(ids, pictures));
            Tensor hidden = encoder.encode(ops, List.of(ids), pictures).embeddings();
            folder.compare("out.hidden_states", ops, hidden);
        }
    }

    private List<QwenPictures.Patches> pictures() {
        Path own = folder.path().resolve("preprocessor_config.json");
        Config config = Files.exists(own) ? Config.read(own) : Config.EMPTY;
        for (String key : List.of("min_pixels", "max_pixels")) {
            if (folder.json().has(key)) {
                config = config.with(Map.of(key, folder.json().get(key).asInt()));
            }
        }
        QwenPictures processor = QwenPictures.of(config);
        List<QwenPictures.Patches> result = new ArrayList<>();
        for (JsonNode name : folder.required("pictures")) {
            Path file = folder.path().resolve(name.asText());
            result.add(processor.patches(ReferencePicture.read(file).picture()));
        }
        return result;
    }

    private void patches(List<QwenPictures.Patches> pictures) {
        int total = pictures.stream().mapToInt(picture -> picture.values().length).sum();
        FloatBuffer all = FloatBuffer.allocate(total);
        pictures.forEach(picture -> all.put(picture.values()));
        FloatBuffer want = folder.floats("in.pixel_values");
        folder.compare("in.pixel_values", all.flip(), want, PIXELS);
    }

    private void tower(QwenTextEncoder encoder, List<QwenPictures.Patches> pictures) {
        List<Tensor> rows = pictures.stream().map(one -> encoder.seen(ops, one)).toList();
        folder.compare("out.vision", ops, ops.concat(0, rows));
    }

    /**
     * The recorded ids; the error is the number of places where ours differ. The text is recorded
     * as it is or as what a user says.
     */
    private int[] ids(QwenTextEncoder encoder, List<QwenPictures.Patches> pictures) {
        int[] want = folder.integerRows("in.input_ids").get(0);
        String text = folder.required("text").asText();
        try (Tokenizer tokenizer = Tokenizer.load(folder.path().resolve("tokenizer"))) {
            boolean said = want[0] != tokenizer.encode(text)[0];
            int[] ids = tokenizer.encode(said ? ChatTemplate.before() + text + END : text);
            same("in.input_ids", encoder.withRoom(List.of(ids), pictures).get(0), want);
            return want;
        }
    }

    /** The error is the number of positions that differ. */
    private void positions(int[][] got) {
        List<int[]> want = folder.integerRows("out.position_ids");
        for (int axis = 0; axis < got.length; axis++) {
            same("out.position_ids." + axis, got[axis], want.get(axis));
        }
    }

    private void same(String name, int[] got, int[] want) {
        long differ =
                got.length != want.length
                        ? Math.max(got.length, want.length)
                        : IntStream.range(0, got.length).filter(i -> got[i] != want[i]).count();
        folder.add(name, differ, 0);
    }
}
