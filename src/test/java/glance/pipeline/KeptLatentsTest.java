package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Init;
import glance.api.Request;
import glance.api.Residency;
import glance.fixtures.Drawn;
import glance.fixtures.Fixture;
import glance.fixtures.TinyFlux;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.ops.Ops;
import glance.ops.Scope;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Under any mask and at any size, what is kept comes out as it went in. */
class KeptLatentsTest {
    private static final RunListener SILENT = new RunListener() {};

    private static Path folder;
    private static ModelFolder model;

    @BeforeContainer
    static void write() throws IOException {
        folder = Files.createTempDirectory("kept-latents");
        model = ModelFolder.open(TinyFlux.dev(folder.resolve("dev")));
    }

    @AfterContainer
    static void delete() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Property(tries = 25)
    void keptLatents_areThePicturesToTheBit(
            @ForAll @IntRange(min = 1, max = 6) int columns,
            @ForAll @IntRange(min = 1, max = 6) int rows,
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 100) int percent,
            @ForAll @IntRange(min = 1, max = 2) int batch) {
        Family.Geometry geometry = Families.of(model).geometry(model);
        int unit = geometry.pixelsPerToken();
        int width = columns * unit;
        int height = rows * unit;
        Random random = new Random(seed);
        Path photo =
                Drawn.png(folder.resolve("photo.png"), width, height, (x, y) -> random.nextInt());
        // the first pixel is white, so that something is painted
        boolean[] white = new boolean[width * height];
        for (int i = 0; i < white.length; i++) {
            white[i] = i == 0 || random.nextInt(100) < percent;
        }
        Path mask =
                Drawn.png(
                        folder.resolve("mask.png"),
                        width,
                        height,
                        (x, y) -> white[y * width + x] ? 0xffffff : 0);
        Request request =
                Request.of("a red star")
                        .size(width, height)
                        .plan("uniform-2")
                        .batch(batch)
                        .seed(seed)
                        .init(Init.of(photo).mask(mask).strength(1));
        Fixture.onCpu(ops -> requireKept(ops, Settings.of(request, model), white));
    }

    private static void requireKept(Ops ops, Settings settings, boolean[] white) {
        try (Scope scope = ops.scope();
                Pipeline pipeline = new Pipeline(ops, model, Residency.STREAM);
                Drawing drawing = pipeline.prepare(settings, SILENT)) {
            Family.Geometry geometry = pipeline.geometry();
            float[] made = drawing.denoise(0, settings.seed()).latents();
            StartCanvas canvas =
                    new StartCanvas(
                            settings.start().orElseThrow(),
                            new Request.Size(settings.width(), settings.height()),
                            geometry);
            FloatBuffer own;
            try (EncodedStart start = EncodedStart.of(ops, pipeline.parts(), canvas, SILENT)) {
                own =
                        ops.host()
                                .floats(
                                        start.latents(
                                                        ops,
                                                        settings.seed(),
                                                        settings.batch(),
                                                        geometry,
                                                        pipeline.grid(settings))
                                                .picture());
            }
            int patch = geometry.patch();
            int side = geometry.pixelsPerToken() / patch;
            int channels = geometry.latentChannels() * patch * patch;
            int columns = settings.width() / geometry.pixelsPerToken();
            int tokens = columns * settings.height() / geometry.pixelsPerToken();
            assertThat(made).hasSize(settings.batch() * tokens * channels);
            for (int i = 0; i < made.length; i++) {
                int token = i / channels % tokens;
                int inside = i % (patch * patch);
                int x = (token % columns * patch + inside % patch) * side;
                int y = (token / columns * patch + inside / patch) * side;
                boolean isKept = !white[y * settings.width() + x];
                boolean isSame =
                        Float.floatToRawIntBits(made[i]) == Float.floatToRawIntBits(own.get(i));
                assertThat(isSame).as("latent %d, kept %s", i, isKept).isEqualTo(isKept);
            }
        }
    }
}
