package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.ModelParts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
    @TempDir private Path model;

    @BeforeEach
    void makeModel() throws IOException {
        for (String part : new String[] {"transformer", "vae", "tokenizer"}) {
            Files.createDirectory(model.resolve(part));
            Files.writeString(model.resolve(part).resolve("config.json"), "{}");
        }
    }

    @Test
    void texts_countInTheirOrderAndLengths() {
        assertThat(Fingerprint.of("ab", "c")).isEqualTo(Fingerprint.of("ab", "c"));
        assertThat(Fingerprint.of("ab", "c"))
                .isNotEqualTo(Fingerprint.of("a", "bc"))
                .isNotEqualTo(Fingerprint.of("c", "ab"))
                .hasSize(32);
    }

    @Test
    void encodersAndTransformer_changeWithTheirOwnFilesOnly() throws IOException {
        String encoders = Fingerprint.parts(model, ModelParts.NONE, false);
        String transformer = Fingerprint.parts(model, ModelParts.NONE, true);
        Files.writeString(model.resolve("transformer/config.json"), "[]");
        assertThat(Fingerprint.parts(model, ModelParts.NONE, false)).isEqualTo(encoders);
        assertThat(Fingerprint.parts(model, ModelParts.NONE, true)).isNotEqualTo(transformer);
        Files.writeString(model.resolve("vae/config.json"), "[]");
        assertThat(Fingerprint.parts(model, ModelParts.NONE, false)).isNotEqualTo(encoders);
    }

    @Test
    void fileOfAnotherName_isAnotherModel() throws IOException {
        String before = Fingerprint.parts(model, ModelParts.NONE, false);
        Files.move(model.resolve("vae/config.json"), model.resolve("vae/other.json"));
        assertThat(Fingerprint.parts(model, ModelParts.NONE, false)).isNotEqualTo(before);
    }

    @Test
    void largeFile_changesWithItsEndsAndItsTime() throws IOException {
        Path large = model.resolve("vae/weights.safetensors");
        FileTime time = FileTime.fromMillis(1_700_000_000_000L);
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(70L << 20);
            Files.setLastModifiedTime(large, time);
            String before = Fingerprint.parts(model, ModelParts.NONE, false);
            file.seek((70L << 20) - 1);
            file.write(1);
            Files.setLastModifiedTime(large, time);
            String end = Fingerprint.parts(model, ModelParts.NONE, false);
            assertThat(end).isNotEqualTo(before);
            file.seek(35L << 20);
            file.write(1);
            Files.setLastModifiedTime(large, FileTime.fromMillis(1_700_000_001_000L));
            assertThat(Fingerprint.parts(model, ModelParts.NONE, false)).isNotEqualTo(end);
        }
    }
}
