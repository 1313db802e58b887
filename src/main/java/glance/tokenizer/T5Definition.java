package glance.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.io.Config;
import glance.io.FileInput;
import glance.io.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The T5 tokenizer, read from the sentencepiece model {@code spiece.model} and described in the
 * terms of {@code tokenizer.json}: normalised by the table in the file, split at spaces, each word
 * written with a leading mark and cut into the likeliest pieces (unigram model of Kudo, arXiv
 * 1804.10959), then the end token. The places kept free for training, {@code <extra_id_99>} to
 * {@code <extra_id_0>}, follow the pieces.
 *
 * @param pieces by id, the free places included
 * @param characters the normalisation table, or empty for none
 * @param added tokens that are cut out of the text before anything else
 */
record T5Definition(List<Piece> pieces, ByteBuffer characters, List<AddedToken> added)
        implements TokenizerDefinition {
    private static final String FILE = "spiece.model";
    private static final long MAX_BYTES = 100_000_000;
    private static final String REMEDY = "fetch the tokenizer files again";
    private static final String SPACE = "\u2581";
    private static final String END = "</s>";

    // fields of ModelProto, SentencePiece, TrainerSpec and NormalizerSpec of sentencepiece
    private static final int PIECES = 1;
    private static final int TRAINER = 2;
    private static final int NORMALIZER = 3;
    private static final int PIECE_TEXT = 1;
    private static final int PIECE_SCORE = 2;
    private static final int PIECE_TYPE = 3;
    private static final int MODEL_TYPE = 3;
    private static final int CHARACTERS = 2;
    private static final int UNIGRAM = 1;
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;

    /** An entry of the vocabulary: its text, its log-probability, and its kind. */
    record Piece(String text, float score, long type) {}

    /** Reads {@code spiece.model}. */
    static T5Definition read(Path folder, Config config) {
        Path file = folder.resolve(FILE);
        List<Piece> pieces = new ArrayList<>();
        ByteBuffer characters = ByteBuffer.allocate(0);
        Protobuf model = new Protobuf(file, ByteBuffer.wrap(FileInput.bytes(file, MAX_BYTES)));
        while (model.next()) {
            switch (model.field()) {
                case PIECES -> pieces.add(piece(new Protobuf(file, model.block())));
                case TRAINER -> requireUnigram(file, new Protobuf(file, model.block()));
                case NORMALIZER -> characters = characters(new Protobuf(file, model.block()));
                default -> model.skip();
            }
        }
        if (pieces.stream().noneMatch(p -> p.type() == UNKNOWN)
                || pieces.stream().noneMatch(p -> p.text().equals(END))) {
            throw new FormatException(
                    file, null, "must hold an unknown token and the end token " + END, REMEDY);
        }
        for (int i = config.integer("extra_ids", 100, 0, Config.MAX_COUNT) - 1; i >= 0; i--) {
            pieces.add(new Piece("<extra_id_" + i + ">", 0, CONTROL));
        }
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < pieces.size(); id++) {
            if (pieces.get(id).type() == CONTROL || pieces.get(id).type() == UNKNOWN) {
                added.add(AddedToken.special(id, pieces.get(id).text()));
            }
        }
        return new T5Definition(pieces, characters, added);
    }

    private static Piece piece(Protobuf message) {
        String text = "";
        float score = 0;
        long type = NORMAL;
        while (message.next()) {
            switch (message.field()) {
                case PIECE_TEXT -> text = StandardCharsets.UTF_8.decode(message.block()).toString();
                case PIECE_SCORE -> score = message.floating();
                case PIECE_TYPE -> type = message.number();
                default -> message.skip();
            }
        }
        return new Piece(text, score, type);
    }

    private static void requireUnigram(Path file, Protobuf trainer) {
        while (trainer.next()) {
            if (trainer.field() != MODEL_TYPE) {
                trainer.skip();
            } else if (trainer.number() != UNIGRAM) {
                throw new FormatException(file, null, "is not a unigram model", REMEDY);
            }
        }
    }

    private static ByteBuffer characters(Protobuf normalizer) {
        ByteBuffer table = ByteBuffer.allocate(0);
        while (normalizer.next()) {
            if (normalizer.field() == CHARACTERS) {
                table = normalizer.block();
            } else {
                normalizer.skip();
            }
        }
        return table;
    }

    @Override
    public String toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        AddedToken.write(added, root);
        if (characters.hasRemaining()) {
            byte[] table = new byte[characters.remaining()];
            characters.duplicate().get(table);
            root.putObject("normalizer")
                    .put("type", "Precompiled")
                    .put("precompiled_charsmap", Base64.getEncoder().encodeToString(table));
        }
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        steps.addObject().put("type", "WhitespaceSplit");
        metaspace(steps.addObject());
        ending(root.putObject("post_processor"));
        metaspace(root.putObject("decoder"));
        ObjectNode model = root.putObject("model").put("type", "Unigram");
        model.put("byte_fallback", false);
        ArrayNode vocab = model.putArray("vocab");
        for (int id = 0; id < pieces.size(); id++) {
            vocab.addArray().add(pieces.get(id).text()).add((double) pieces.get(id).score());
            if (pieces.get(id).type() == UNKNOWN) {
                model.put("unk_id", id);
            }
        }
        return root.toString();
    }

    private static void metaspace(ObjectNode node) {
        node.put("type", "Metaspace").put("replacement", SPACE);
        node.put("prepend_scheme", "always").put("split", true);
    }

    private void ending(ObjectNode node) {
        node.put("type", "TemplateProcessing");
        ArrayNode single = node.putArray("single");
        single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        single.addObject().putObject("SpecialToken").put("id", END).put("type_id", 0);
        node.putArray("pair").addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        ObjectNode end = node.putObject("special_tokens").putObject(END);
        end.put("id", END);
        end.putArray("ids")
                .add(
                        added.stream()
                                .filter(t -> t.content().equals(END))
                                .findFirst()
                                .orElseThrow()
                                .id());
        end.putArray("tokens").add(END);
    }
}
