package glance.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.fuzz.Reader;
import java.awt.image.BufferedImage;
import java.io.IOException;

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

    private static void picture(java.nio.file.Path file) {
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
    void cache(byte[] content) throws IOException {
        Reader.judge(
                "key.safetensors", content, file -> new TensorCache(file.getParent()).read("key"));
    }
}
