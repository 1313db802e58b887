package glance.cli;

import glance.api.Plan;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.train.CaptionedPicture;
import glance.train.PictureFit;
import glance.train.TrainingSettings;
import java.nio.file.Path;
import java.util.List;

/**
 * What the arguments of {@code train} come to.
 *
 * @param phases of the plan, in the order of training
 * @param maxPromptTokens tokens of a caption that are read; 0 where a model has no such number
 * @param checkpointEvery steps between two checkpoints; 0 for only one at the end
 * @param sampleEvery steps between two sample pictures; 0 for none
 * @param cache where encoded texts and pictures are kept
 * @param record the settings, to be kept beside the adapters
 */
record TrainJob(
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
        TrainRecord record,
        TrainFiles files) {}
