package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.WatchedPicture;
import glance.io.ModelFolder;
import glance.io.PictureFit;
import glance.model.Family;
import glance.ops.Scope;
import glance.pipeline.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleEncoderTest {
    @TempDir private Path folder;

    private interface Body {
        void run(ExampleEncoder encoder) throws InterruptedException;
    }

    private void with(Body body) throws IOException {
        ModelFolder model = ModelFolder.open(TinyQwenImageEdit.plus(folder.resolve("m")).path());
        Family family = Families.of(model);
        Family.Geometry geometry = family.geometry(model);
        Path cache = Files.createDirectory(folder.resolve("cache"));
        PictureFit fit = PictureFit.exactly(32, 32, geometry.pixelsPerToken());
        Fixture.onCpu(
                ops -> {
                    try (Scope scope = ops.scope();
                            Encodings encodings =
                                    new Encodings(ops, family, model, 0, cache, warning -> {})) {
                        body.run(
                                new ExampleEncoder(
                                        encodings, fit, geometry, family.references(model)));
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private List<CaptionedPicture> from(Path reference) {
        Path picture = new WatchedPicture(folder.resolve("a.png"), 32, 32).file();
        return List.of(new CaptionedPicture(picture, "a star", List.of(reference)));
    }

    @Test
    void references_areNotHeldOnceTheyAreEncoded() throws IOException {
        WatchedPicture reference = new WatchedPicture(folder.resolve("a.ref.png"), 60, 40);
        with(
                encoder -> {
                    assertThat(encoder.encode(from(reference.file()), "").examples()).hasSize(1);
                    assertThat(reference.isHeld()).isFalse();
                    // of which the encoder goes on to know the texts
                    assertThat(encoder.encode(from(reference.file()), "").examples()).hasSize(1);
                });
    }

    @Test
    void veryLongReference_isRefusedByItsFile() throws IOException {
        Path reference = new WatchedPicture(folder.resolve("a.ref.png"), 6600, 1).file();
        with(
                encoder ->
                        assertThatThrownBy(() -> encoder.encode(from(reference), ""))
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining("a.ref.png: reference picture of 6600x1")
                                .hasMessageContaining("times the shorter; crop it"));
    }
}
