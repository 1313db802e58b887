package glance.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.AdamWSettings;
import glance.api.ModelParts;
import glance.io.BuiltInModel;
import glance.io.SafeWrite;
import glance.schedule.Seeds;
import glance.train.TrainJob;
import glance.train.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of a training run, kept beside its adapters under the names that {@link TrainFile}
 * reads, so that {@code --resume} needs nothing else. Paths are absolute: the run may go on from
 * another folder.
 */
final class TrainRecord {
    private static final String NAME = "train.json";
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Map<String, Object> settings = new LinkedHashMap<>();

    /** The settings of a run in its folder. */
    static Path in(Path folder) {
        return folder.resolve(NAME);
    }

    /** Adds a setting, unless it is null. */
    TrainRecord with(String key, Object value) {
        if (value != null) {
            settings.put(key, value);
        }
        return this;
    }

    /** Adds a file or folder that a name stands for; a name of something else is kept as it is. */
    TrainRecord withPath(String key, String name) {
        boolean path = !name.equals(BuiltInModel.NAME) && Files.exists(Path.of(name));
        return with(key, path ? Path.of(name).toAbsolutePath().normalize().toString() : name);
    }

    /** Adds files, if there are any. */
    TrainRecord withPaths(String key, List<Path> files) {
        List<String> all =
                files.stream().map(file -> file.toAbsolutePath().normalize() + "").toList();
        return with(key, all.isEmpty() ? null : all);
    }

    /** Adds the files in place of parts of the model. */
    TrainRecord withParts(ModelParts parts) {
        Map<String, String> files = new LinkedHashMap<>();
        parts.files()
                .forEach((part, file) -> files.put(part, file.toAbsolutePath().normalize() + ""));
        return with("parts", files.isEmpty() ? null : files);
    }

    /** Adds all that decides what training does to an adapter, and when it is looked at. */
    TrainRecord with(TrainJob job) {
        TrainingSettings training = job.settings();
        AdamWSettings adam = training.optimizer();
        int tokens = job.maxPromptTokens();
        int samples = job.sampleEvery();
        return with("max_train_steps", training.steps())
                .with("rank", training.rank())
                .with("lora_alpha", training.alpha())
                .with("target_modules", training.targets())
                .with("learning_rate", training.learningRate())
                .with("lr_scheduler", TrainSettings.WARMED_UP)
                .with("lr_warmup_steps", training.warmupSteps())
                .with("gradient_accumulation_steps", training.accumulation())
                .with("caption_dropout_rate", training.captionDropout())
                .with("max_grad_norm", training.maxGradNorm())
                .with("adam_beta1", adam.beta1())
                .with("adam_beta2", adam.beta2())
                .with("adam_epsilon", adam.eps())
                .with("adam_weight_decay", adam.weightDecay())
                .with("adam8bit", adam.eightBitMoments())
                .with("gradient_checkpointing", training.checkpointing())
                .with("seed", Seeds.number(training.seed()))
                .with("guidance_scale", job.embeddedGuidance())
                .with("max_sequence_length", tokens == 0 ? null : tokens)
                .with("checkpointing_steps", job.checkpointEvery())
                .with("sample_every", samples == 0 ? null : samples);
    }

    /** Writes it into the folder of a run; the file is complete or as it was. */
    void write(Path folder) {
        try {
            SafeWrite.write(in(folder), JSON.writeValueAsString(settings) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("settings are plain values", e);
        }
    }
}
