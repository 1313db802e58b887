package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.KernelTable;
import glance.cases.ForwardingDevice;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.op.Op;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecodingTest {
    /** More than the autoencoder and less than the transformer of the built-in model. */
    private static final long TRANSFORMER_BYTES = 10_000_000;

    private static final Settings TWO_PROMPTS =
            new Settings(
                    List.of("a red circle", "a blue star"),
                    " ",
                    7,
                    2,
                    64,
                    64,
                    new Guidance(1, true),
                    PlanJson.find("uniform-1"),
                    List.of());

    /** What a run did, in order. */
    private static final class Diary implements RunListener {
        private final List<String> entries = new ArrayList<>();
        private final List<BufferedImage> pictures = new ArrayList<>();

        @Override
        public void step(int step, int steps, String phase, double seconds) {
            entries.add("step");
        }

        @Override
        public void picture(int index, ImageResult picture) {
            entries.add("picture " + index);
            pictures.add(picture.picture());
        }
    }

    @Test
    void picturesOfAPrompt_areFinishedBeforeTheNextIsDenoised() {
        Fixture.onCpu(
                ops ->
                        assertThat(run(ops).entries)
                                .containsExactly(
                                        "step",
                                        "picture 0",
                                        "picture 1",
                                        "step",
                                        "picture 2",
                                        "picture 3"));
    }

    @Test
    void picturesThatDoNotFitBesideTheTransformer_areFinishedAtTheEnd() {
        List<Diary> diaries = new ArrayList<>();
        Fixture.onCpu(ops -> diaries.add(run(ops)));
        try (Device device = new SmallDevice(Devices.open("cpu", new DeviceOptions(2, null)));
                Ops ops = new Ops(device)) {
            Diary small = run(ops);
            assertThat(small.entries)
                    .containsExactly(
                            "step", "step", "picture 0", "picture 1", "picture 2", "picture 3");
            for (int i = 0; i < 4; i++) {
                assertThat(pixels(small.pictures.get(i)))
                        .isEqualTo(pixels(diaries.get(0).pictures.get(i)));
            }
            assertThat(device.memory().stats().scratchBytes()).isZero();
            assertThat(device.memory().stats().weightBytes()).isZero();
        }
    }

    @Test
    void valuesThatAreNoNumbers_areNoPicture() {
        Fixture.onCpu(
                ops -> {
                    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                        float[] values = {0, 0, 0, 0, bad, 0};
                        assertThatThrownBy(
                                        () ->
                                                Pictures.of(
                                                        ops,
                                                        ops.host()
                                                                .floats(
                                                                        Shape.of(1, 1, 2, 3),
                                                                        values)))
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("decoded picture has values that are NaN");
                    }
                });
    }

    private static Diary run(Ops ops) {
        Diary diary = new Diary();
        Runs.run(ops, ModelFolder.open(Fixture.tinyModel()), TWO_PROMPTS, diary);
        return diary;
    }

    private static int[] pixels(BufferedImage picture) {
        return picture.getRGB(
                0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    }

    /** Has no room for a convolution while a transformer is loaded. */
    private static final class SmallDevice extends ForwardingDevice {
        SmallDevice(Device device) {
            super(device, new KernelTable());
            device.kernels().kinds().forEach(kind -> forward(kind, device.kernels()));
        }

        private <O extends Op> void forward(Class<O> kind, KernelTable run) {
            kernels()
                    .with(
                            kind,
                            op -> {
                                if (op instanceof Op.Conv2d
                                        && memory().stats().weightBytes() > TRANSFORMER_BYTES) {
                                    throw DeviceException.outOfMemory("no room", null);
                                }
                                run.run(op);
                            });
        }
    }
}
