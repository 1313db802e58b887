package glance.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.fuzz.Reader;
import glance.tokenizer.Tokenizer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Files that others wrote, read by this package. */
class IoFuzzTest {
    @FuzzTest
    void safetensors(byte[] content) throws IOException {
        Reader.judge(
                "model.safetensors",
                content,
                file -> {
                    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                        opened.tensors().keySet().forEach(opened::data);
                    }
                });
    }

    @FuzzTest
    void weights(byte[] content) throws IOException {
        Reader.judge(
                "model.safetensors",
                content,
                file -> {
                    try (Weights opened = Weights.open(file)) {
                        opened.foreign();
                    }
                });
    }

    @FuzzTest
    void gguf(byte[] content) throws IOException {
        Reader.judge(
                "model.gguf",
                content,
                file -> {
                    try (GgufFile opened = GgufFile.open(file)) {
                        opened.tensors().keySet().forEach(opened::data);
                    }
                });
    }

    @FuzzTest
    void shardIndex(byte[] content) throws IOException {
        Reader.judge("model.safetensors.index.json", content, file -> Weights.open(file).close());
    }

    @FuzzTest
    void config(byte[] content) throws IOException {
        Reader.judge("config.json", content, Config::read);
    }

    @FuzzTest
    void modelIndex(byte[] content) throws IOException {
        Reader.judge("model_index.json", content, file -> ModelFolder.open(file.getParent()));
    }

    @FuzzTest
    void yaml(byte[] content) throws IOException {
        Reader.judge("train.yaml", content, Yaml::read);
    }

    @FuzzTest
    void png(byte[] content) throws IOException {
        Reader.judge("picture.png", content, IoFuzzTest::picture);
    }

    @FuzzTest
    void jpeg(byte[] content) throws IOException {
        Reader.judge("picture.jpg", content, IoFuzzTest::picture);
    }

    @FuzzTest
    void webp(byte[] content) throws IOException {
        Reader.judge("picture.webp", content, IoFuzzTest::picture);
    }

    private static void picture(Path file) {
        BufferedImage picture = Images.readUpright(file);
        picture.getRGB(picture.getWidth() - 1, picture.getHeight() - 1);
    }

    @FuzzTest
    void pngText(byte[] content) throws IOException {
        Reader.judge("picture.png", content, Images::readText);
    }

    @FuzzTest
    void tokenizerJson(byte[] content) throws IOException {
        Reader.judge("tokenizer.json", content, file -> Tokenizer.load(file.getParent()));
    }

    @FuzzTest
    void sentencePieces(byte[] content) throws IOException {
        Reader.judge("spiece.model", content, file -> Tokenizer.load(file.getParent()));
    }

    @FuzzTest
    void vocabulary(byte[] content) throws IOException {
        bytePairs("vocab.json", content);
    }

    @FuzzTest
    void merges(byte[] content) throws IOException {
        bytePairs("merges.txt", content);
    }

    /** One of the two files of CLIP's and Qwen's tokenizers, beside the other. */
    private static void bytePairs(String name, byte[] content) throws IOException {
        Path vocabulary = Reader.folder().resolve("vocab.json");
        Path merges = Reader.folder().resolve("merges.txt");
        Path config = Reader.folder().resolve("tokenizer_config.json");
        Files.writeString(vocabulary, "{\"a\": 0, \"b\": 1, \"ab\": 2, \"<|endoftext|>\": 3}");
        Files.writeString(merges, "#version: 0.2\na b\n");
        Files.writeString(config, "{\"tokenizer_class\": \"Qwen2Tokenizer\"}");
        Reader.judge(
                List.of("vocab.json", "merges.txt", "tokenizer_config.json"),
                name,
                content,
                file -> Tokenizer.load(file.getParent()));
        for (Path file : List.of(vocabulary, merges, config)) {
            Files.deleteIfExists(file);
        }
    }

    @FuzzTest
    void cache(byte[] content) throws IOException {
        Reader.judge(
                "key.safetensors", content, file -> new TensorCache(file.getParent()).read("key"));
    }
}
