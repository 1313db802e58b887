package glance.cli.train;

import glance.api.ModelParts;
import glance.io.Config;
import glance.io.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * Training settings in a file, under the names that the paper's repository uses: those of {@code
 * data_config} may stand in it or beside it. Names that make no difference here are told apart from
 * misspelt ones.
 */
public final class TrainFile {
    private static final String DATA = "data_config";
    private static final String PARTS = "parts";

    private static final Set<String> USED =
            Set.of(
                    "pretrained_model_name_or_path",
                    PARTS,
                    "img_dir",
                    "img_size",
                    "image",
                    "caption",
                    "references",
                    "size",
                    "max_sequence_length",
                    "sample_every",
                    "sample_prompt",
                    "encodings",
                    "caption_dropout_rate",
                    "output_dir",
                    "max_train_steps",
                    "learning_rate",
                    "lr_scheduler",
                    "lr_warmup_steps",
                    "adam_beta1",
                    "adam_beta2",
                    "adam_epsilon",
                    "adam_weight_decay",
                    "adam8bit",
                    "max_grad_norm",
                    "gradient_accumulation_steps",
                    "gradient_checkpointing",
                    "train_batch_size",
                    "checkpointing_steps",
                    "resume_from_checkpoint",
                    "rank",
                    "alpha",
                    "lora_alpha",
                    "target_modules",
                    "seed",
                    "plan",
                    "phase",
                    "guidance_scale");

    /** With the only value that is supported, where there is one. */
    private static final Map<String, Object> FIXED =
            Map.of("caption_type", "txt", "random_ratio", false);

    private static final Set<String> WITHOUT_EFFECT =
            Set.of(
                    "cache_dir",
                    "checkpoints_total_limit",
                    "disable_sampling",
                    "logging_dir",
                    "mixed_precision",
                    "num_workers",
                    "precompute_image_embeddings",
                    "precompute_text_embeddings",
                    "quantize",
                    "report_to",
                    "sample_batch_size",
                    "save_cache_on_disk",
                    "single_blocks",
                    "tracker_project_name");

    private final Map<String, Config> holders = new LinkedHashMap<>();
    private final List<String> ignored = new ArrayList<>();

    private TrainFile() {}

    /** No file. */
    static TrainFile none() {
        return new TrainFile();
    }

    /**
     * Reads a file.
     *
     * @throws glance.api.FormatException naming the key, if one is unknown or its value unsupported
     */
    public static TrainFile read(Path file) {
        TrainFile result = new TrainFile();
        Config config = Yaml.read(file);
        result.add(config);
        if (config.has(DATA)) {
            result.add(config.object(DATA));
        }
        return result;
    }

    private void add(Config config) {
        for (String key : config.keys()) {
            if (USED.contains(key)) {
                holders.put(key, config);
            } else if (FIXED.containsKey(key)) {
                config.accepts(key, FIXED.get(key));
            } else if (WITHOUT_EFFECT.contains(key)) {
                ignored.add(key);
            } else if (!key.equals(DATA)) {
                throw config.refuse(
                        key,
                        "is not a training setting",
                        "known: " + USED.stream().sorted().collect(Collectors.joining(", ")));
            }
        }
    }

    /** Keys that have no effect in this engine. */
    List<String> ignored() {
        return ignored;
    }

    /** Files in place of parts of the model. */
    ModelParts parts() {
        Config files = get(PARTS, Config::object);
        ModelParts parts = ModelParts.NONE;
        for (String part : files == null ? List.<String>of() : files.keys()) {
            parts = parts.with(part, Path.of(files.string(part)));
        }
        return parts;
    }

    String string(String key) {
        return get(key, Config::string);
    }

    List<String> strings(String key) {
        return get(key, Config::strings);
    }

    Integer integer(String key) {
        return get(key, Config::integer);
    }

    Long seed(String key) {
        return get(key, Config::seed);
    }

    Float number(String key) {
        return get(key, (config, name) -> (float) config.number(name));
    }

    Boolean flag(String key) {
        return get(key, Config::flag);
    }

    private <T> T get(String key, BiFunction<Config, String, T> read) {
        Config config = holders.get(key);
        return config == null ? null : read.apply(config, key);
    }
}
