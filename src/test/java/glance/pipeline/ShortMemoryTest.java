package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceException;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.KernelTable;
import glance.cases.ForwardingDevice;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.op.Op;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Runs that have no room beside what stays from earlier ones. */
class ShortMemoryTest {
    @Test
    void textsWithoutRoom_areEncodedOnePartAtATime() {
        ModelFolder model = ModelFolder.open(Fixture.tinyModel());
        Request request = Request.of("a star").plan(Plans.uniform(1)).seed(1);
        List<String> warnings = new ArrayList<>();
        RunListener firstEncoderFails =
                new RunListener() {
                    private boolean failed;

                    @Override
                    public void stage(String name) {
                        if (name.equals(Drawing.TEXT_ENCODER) && !failed) {
                            failed = true;
                            throw DeviceException.outOfMemory("no room", null);
                        }
                    }

                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = new Pipeline(ops, model, Residency.RESIDENT)) {
                        pipeline.run(Settings.of(request, model), new RunListener() {});
                        assertThat(pipeline.parts().keepsDenoiser()).isTrue();
                        // for which the text encoder is opened again
                        Settings longer = Settings.of(request.maxPromptTokens(600), model);
                        assertThat(pipeline.run(longer, firstEncoderFails)).hasSize(1);
                        assertThat(pipeline.parts().keepsDenoiser()).isFalse();
                    }
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                });
        assertThat(warnings)
                .containsExactly("memory is short: from now on one part of the model at a time");
    }

    /** Three pictures at a time have no room, two have. */
    @Test
    void groupWithoutRoom_isDrawnInHalves() {
        ModelFolder model = ModelFolder.open(Fixture.tinyModel());
        List<Settings> all = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            Request request = Request.of("a star").plan(Plans.uniform(2)).seed(seed);
            all.add(Settings.of(request, model));
        }
        Map<Drawing, List<ImageResult>> made = new HashMap<>();
        List<Throwable> failures = new ArrayList<>();
        List<Integer> groups = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void together(int drawings) {
                        groups.add(drawings);
                    }
                };
        Fixture.onCpu(
                plain -> {
                    Ops ops = new Ops(new SmallDevice(plain.device()));
                    try (Pipeline pipeline = new Pipeline(ops, model, Residency.RESIDENT)) {
                        List<Drawing> drawings =
                                all.stream().map(one -> pipeline.prepare(one, listener)).toList();
                        pipeline.run(drawings, ends(made, failures));
                        for (int i = 0; i < all.size(); i++) {
                            assertThat(made.get(drawings.get(i)))
                                    .extracting(ImageResult::seed)
                                    .containsExactly(i + 1L);
                        }
                        drawings.forEach(Drawing::close);
                    }
                });
        assertThat(failures).isEmpty();
        // each of three was told, then each of two; the third is alone
        assertThat(groups).containsExactly(3, 3, 3, 2, 2);
    }

    private static DrawingEnds ends(
            Map<Drawing, List<ImageResult>> made, List<Throwable> failures) {
        return new DrawingEnds() {
            @Override
            public void done(Drawing drawing, List<ImageResult> pictures) {
                made.put(drawing, pictures);
            }

            @Override
            public void failed(Drawing drawing, Throwable cause) {
                failures.add(cause);
            }
        };
    }

    /** Has no room for the attention of more than two pictures under two prompts each. */
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
                                if (op instanceof Op.Attention attention
                                        && attention.q().dim(0) > 4) {
                                    throw DeviceException.outOfMemory("no room", null);
                                }
                                run.run(op);
                            });
        }
    }
}
