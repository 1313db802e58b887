package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceException;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Residency;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import java.util.ArrayList;
import java.util.List;
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
}
