package glance.cli;

import glance.backend.LowRank;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.lora.PhaseNote;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.LivePicture;
import glance.schedule.PhasePlan;
import glance.train.Encodings;
import glance.train.TrainableAdapter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pictures while training goes on: in the steps of its phase with the adapter as it is by then, in
 * the others with the model alone.
 */
final class TrainSamples {
    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private final Denoiser denoiser;
    private final LivePicture picture;

    TrainSamples(
            Ops ops, Family family, ModelFolder folder, Denoiser denoiser, LivePicture picture) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.denoiser = denoiser;
        this.picture = picture;
    }

    /** The picture to be drawn again and again; its text is encoded now. */
    static LivePicture picture(
            Encodings encodings,
            Family.Defaults defaults,
            String prompt,
            PhasePlan plan,
            TokenGrid grid,
            long seed) {
        Guidance guidance = Guidance.of(defaults);
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("sample prompt", prompt);
        if (guidance.isActive()) {
            texts.put("negative prompt", defaults.negative());
        }
        TextBatch text = encodings.text(texts);
        return new LivePicture(text, guidance, plan, grid, seed);
    }

    void write(Path file, String phase, TrainableAdapter adapter) {
        Map<String, LowRank> none = Map.of();
        boolean everywhere = phase.equals(PhaseNote.ALL);
        Images.writePng(
                file,
                picture.draw(
                        ops,
                        family,
                        folder,
                        denoiser,
                        step -> everywhere || phase.equals(step) ? adapter.modules() : none),
                Map.of("Software", "glance-engine " + TopCommand.Version.number()));
    }
}
