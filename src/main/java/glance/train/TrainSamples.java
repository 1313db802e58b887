package glance.train;

import glance.io.Images;
import glance.lora.PhaseNote;
import glance.lora.StepExperts;
import glance.model.Family;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.Sample;
import glance.text.EngineVersion;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pictures while training goes on: in the steps of its phase with the adapter as it is by then, in
 * the others with the model alone.
 */
final class TrainSamples {
    private final Pipeline pipeline;
    private final Sample sample;

    /**
     * @param pipeline around the denoiser that is trained
     */
    TrainSamples(Pipeline pipeline, Sample sample) {
        this.pipeline = pipeline;
        this.sample = sample;
    }

    /** What such a picture is to show, and with guidance what not. */
    static Map<String, String> texts(String prompt, Family.Defaults defaults, Guidance guidance) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("sample prompt", prompt);
        if (guidance.isActive()) {
            texts.put("negative prompt", defaults.negative());
        }
        return texts;
    }

    void write(Path file, String phase, TrainableAdapter adapter) {
        StepExperts trained = StepExperts.of(adapter);
        StepExperts none = StepExperts.none();
        boolean everywhere = phase.equals(PhaseNote.ALL);
        Images.writePng(
                file,
                pipeline.draw(sample, step -> everywhere || phase.equals(step) ? trained : none),
                Map.of("Software", EngineVersion.software()));
    }
}
