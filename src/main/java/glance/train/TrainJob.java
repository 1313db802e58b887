package glance.train;

import glance.api.Plan;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.api.Training;
import glance.io.CacheFolder;
import glance.io.ModelFolder;
import glance.io.PictureFit;
import glance.lora.PhaseNote;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.ReferenceCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A {@link Training} without gaps, for one model and one folder.
 *
 * @param phases of the plan, in the order of training
 * @param maxPromptTokens tokens of a caption that are read; 0 where a model has no such number
 * @param checkpointEvery steps between two checkpoints; 0 for only one at the end
 * @param sampleEvery steps between two sample pictures; 0 for none
 * @param cache where encoded texts and pictures are kept
 */
public record TrainJob(
        ModelFolder folder,
        Family family,
        List<CaptionedPicture> pictures,
        PictureFit fit,
        Plan plan,
        List<String> phases,
        TrainingSettings settings,
        int maxPromptTokens,
        float embeddedGuidance,
        int checkpointEvery,
        int sampleEvery,
        String samplePrompt,
        boolean resume,
        Path cache,
        TrainFiles files) {
    private static final String CACHE = "encodings";

    /**
     * Fills the gaps with what the model's family wants. Changes nothing but that the cache folder
     * is made.
     *
     * @param out where the adapters go
     * @throws RequestException if a value makes no sense, or does not fit the model
     * @throws glance.api.FormatException if a caption is missing or the folder has no pictures
     */
    public static TrainJob of(Training training, ModelFolder folder, Path out) {
        Family family = Families.of(folder);
        Family.Training usual = family.training(folder);
        List<CaptionedPicture> pictures =
                training.caption()
                        .map(text -> List.of(picture(training, text)))
                        .orElseGet(() -> CaptionedPicture.in(training.pictures()));
        pictures.forEach(picture -> requireReferences(picture, family, folder));
        if (Math.min(training.checkpointEvery(), training.sampleEvery()) < 0) {
            throw new RequestException(
                    "steps between checkpoints or samples: must not be negative");
        }
        List<String> phases = phases(training.plan(), training.phases());
        return new TrainJob(
                folder,
                family,
                pictures,
                fit(training, family.geometry(folder)),
                training.plan(),
                phases,
                settings(training, usual),
                family.promptTokens(folder).of(training.maxPromptTokens().orElse(0)),
                training.embeddedGuidance().orElse(usual.embeddedGuidance()),
                training.checkpointEvery(),
                training.sampleEvery(),
                training.samplePrompt().orElse(pictures.get(0).caption()),
                training.resumes(),
                cache(training.cache()),
                new TrainFiles(out, phases, training.resumes(), training.overwrites()));
    }

    private static CaptionedPicture picture(Training training, String caption) {
        return new CaptionedPicture(training.pictures(), caption, training.references());
    }

    private static void requireReferences(
            CaptionedPicture picture, Family family, ModelFolder folder) {
        try {
            ReferenceCheck.require(picture.references().size(), family, folder);
        } catch (RequestException e) {
            throw new RequestException(picture.picture() + ": " + e.getMessage());
        }
    }

    /**
     * What decides how an adapter changes.
     *
     * @param usual where nothing is said
     * @throws RequestException if a value is out of range, naming it
     */
    public static TrainingSettings settings(Training training, Family.Training usual) {
        return new TrainingSettings(
                training.targets().orElse(usual.targets()),
                training.rank().orElse(usual.rank()),
                training.alpha().orElse(usual.alpha()),
                training.learningRate().orElse(usual.learningRate()),
                training.warmup(),
                training.steps().orElse(usual.steps()),
                training.accumulation(),
                training.captionDropout().orElse(usual.captionDropout()),
                training.maxGradNorm(),
                training.optimizer(),
                training.gradientCheckpointing(),
                training.seed());
    }

    private static List<String> phases(Plan plan, List<String> wanted) {
        List<String> known = plan.phases().stream().map(Plan.Phase::name).toList();
        if (wanted.isEmpty() && known.isEmpty()) {
            throw new RequestException(
                    "plan " + plan.name() + " has no phases; train the phase " + PhaseNote.ALL);
        }
        for (String phase : wanted) {
            if (!phase.equals(PhaseNote.ALL) && !known.contains(phase)) {
                throw new RequestException(
                        "phase "
                                + phase
                                + ": plan "
                                + plan.name()
                                + " has "
                                + (known.isEmpty()
                                        ? "no phases; use " + PhaseNote.ALL
                                        : "the phases " + String.join(", ", known)));
            }
        }
        return wanted.isEmpty() ? known : wanted.stream().distinct().toList();
    }

    private static PictureFit fit(Training training, Family.Geometry geometry) {
        int unit = geometry.pixelsPerToken();
        int side = training.longestSide().orElse(geometry.defaultSize());
        Optional<Size> size = training.size();
        int width = size.map(Size::width).orElse(side);
        int height = size.map(Size::height).orElse(side);
        PictureFit fit =
                size.isPresent()
                        ? PictureFit.exactly(width, height, unit)
                        : PictureFit.longestSide(side, unit);
        geometry.grid(width, height); // refuses what the model has no positions for
        return fit;
    }

    private static Path cache(Optional<Path> named) {
        if (named.isEmpty()) {
            return CacheFolder.folder(CACHE);
        }
        try {
            return Files.createDirectories(named.get());
        } catch (IOException e) {
            throw new RequestException("cache " + named.get() + ": cannot be made (" + e + ")", e);
        }
    }
}
