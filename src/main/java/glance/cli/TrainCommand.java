package glance.cli;

import glance.api.Plan;
import glance.backend.Device;
import glance.backend.Devices;
import glance.io.CacheFolder;
import glance.io.ModelFolder;
import glance.lora.PhaseNote;
import glance.model.Family;
import glance.ops.Ops;
import glance.pipeline.Families;
import glance.schedule.PlanJson;
import glance.train.CaptionedPicture;
import glance.train.PictureFit;
import glance.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains adapters. */
@Command(
        name = "train",
        sortOptions = false,
        header = "Trains Slow and Fast adapters from one picture or a few.",
        description = {
            "",
            "Each phase of a plan gets an adapter of its own, trained on the noise levels of its"
                    + " steps. For each phase the folder --out gets PHASE.safetensors (the adapter,"
                    + " which knows its steps: generate --lora FOLDER), PHASE.csv (every"
                    + " step), PHASE.png (the losses) and PHASE.checkpoint.safetensors.",
            "",
            "A run that was stopped by Ctrl-C, a kill or a failure goes on with --resume --out"
                    + " FOLDER, with the settings kept there, and ends with the same bits. Where an option has no default here, the model's family"
                    + " has its own, as in the paper: rank 32, alpha 128, rate 3e-4, 60 steps, caption"
                    + " dropout 0.1 for Qwen-Image.",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine train --image mine.png --caption \"a red circle\" --out mine/",
            "  glance-engine train --data pictures/ --model Qwen-Image --phase slow",
            "  glance-engine train --resume --out more/ --steps 120",
            "  glance-engine train --config train_lora.yaml --sample-every 20",
            "",
            "A file for --config is YAML or JSON with the names that the paper's repository uses:",
            "  pretrained_model_name_or_path, output_dir, max_train_steps, learning_rate, rank,",
            "  lora_alpha, lr_scheduler (constant, constant_with_warmup), lr_warmup_steps,",
            "  adam_beta1, adam_beta2, adam_epsilon, adam_weight_decay, adam8bit, max_grad_norm,",
            "  gradient_accumulation_steps, train_batch_size, checkpointing_steps,",
            "  resume_from_checkpoint (latest), target_modules, seed, plan, phase,",
            "  data_config: img_dir, img_size, caption_dropout_rate"
        })
final class TrainCommand implements Callable<Integer> {
    private static final String BOTH = "both";
    private static final String LATEST = "latest";
    private static final int CHECKPOINT_EVERY = 20;
    private static final String CACHE = "encodings";

    private final Session session;

    @Mixin private TrainData data;

    @Option(
            names = "--phase",
            paramLabel = "PHASE",
            description = {
                "slow, fast, or both one after the other; all for one adapter for every step."
                        + " Default: both."
            })
    private String phase;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            description = "The plan whose phases these are. Default: glance.")
    private String plan;

    @Mixin private TrainSettings settings;
    @Mixin private PromptTokensOption promptTokens;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in a file; options override them. See below.")
    private Path config;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where the files go; made if missing. Default: adapters.")
    private Path out;

    @Option(
            names = "--resume",
            description = "Go on from the checkpoints in --out, with its settings.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Start anew, replacing what is in --out.")
    private boolean overwrite;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Steps between two checkpoints; 0 for only one at the end. Default: 20.")
    private Integer checkpointEvery;

    @Option(
            names = "--sample-every",
            paramLabel = "N",
            description = "Draw a picture after every N steps, into --out/samples.")
    private Integer sampleEvery;

    @Option(
            names = "--sample-prompt",
            paramLabel = "TEXT",
            description = "What it is to show. Default: the first caption.")
    private String samplePrompt;

    @Option(
            names = "--cache",
            paramLabel = "FOLDER",
            description = "Where encoded texts and pictures are kept. Default: the user's cache.")
    private Path cache;

    @Mixin private DeviceOption deviceOption;

    TrainCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        TrainFile file = file();
        TrainJob job = job(file);
        data.leftOut().ifPresent(session::note);
        if (!file.ignored().isEmpty()) {
            session.note(config + ": without effect here: " + String.join(", ", file.ignored()));
        }
        try (Device device = Devices.open(deviceOption.name(), deviceOption.options());
                Ops ops = new Ops(device)) {
            session.note(
                    data.model(file)
                            + " on "
                            + device.info().id()
                            + ": "
                            + Units.plural(job.pictures().size(), "picture")
                            + ", "
                            + String.join(" and ", job.phases())
                            + " of plan "
                            + job.plan().name()
                            + ", "
                            + Units.plural(job.settings().steps(), "step")
                            + " each");
            return new TrainRun(session, ops, job).run();
        }
    }

    /** The one named, else that of the run that goes on. */
    private TrainFile file() {
        if (config != null) {
            return TrainFile.read(config);
        }
        Path kept = TrainFiles.record(out);
        return resume && Files.isRegularFile(kept) ? TrainFile.read(kept) : TrainFile.none();
    }

    private TrainJob job(TrainFile file) throws IOException {
        List<CaptionedPicture> pictures = data.pictures(file);
        Plan spec = plan(file);
        List<String> phases = phases(file, spec);
        ModelFolder folder = SettingsOptions.open(data.model(file));
        Family family = Families.of(folder);
        TrainingSettings resolved = settings.resolve(file, family.training());
        Integer every =
                checkpointEvery == null ? file.integer("checkpointing_steps") : checkpointEvery;
        int checkpoints = every == null ? CHECKPOINT_EVERY : every;
        sampleEvery = sampleEvery == null ? file.integer("sample_every") : sampleEvery;
        int samples = sampleEvery == null ? 0 : sampleEvery;
        if (checkpoints < 0 || samples < 0) {
            throw new WrongUseException(
                    "--checkpoint-every and --sample-every: must be a number of steps");
        }
        samplePrompt = samplePrompt == null ? file.string("sample_prompt") : samplePrompt;
        if (samplePrompt != null && (samples == 0 || samplePrompt.isBlank())) {
            throw new WrongUseException("--sample-prompt: needs a text, and --sample-every N");
        }
        PictureFit fit = data.fit(file, family.geometry(folder));
        int tokens = promptTokens.resolve(file, family.promptTokens(folder));
        float guidance = settings.embeddedGuidance(file, family.training());
        Path encodings = cacheFolder(file);
        TrainRecord record = new TrainRecord();
        data.record(file, record);
        record.withPath("plan", planName(file))
                .with("phase", phaseName(file))
                .with(resolved)
                .with("guidance_scale", guidance)
                .with("max_sequence_length", tokens == 0 ? null : tokens)
                .with("checkpointing_steps", checkpoints)
                .with("sample_every", samples == 0 ? null : samples)
                .with("sample_prompt", samplePrompt)
                .with("encodings", cache == null ? null : encodings.toAbsolutePath().toString());
        TrainFiles files = new TrainFiles(outFolder(file), phases, resumes(file), overwrite);
        return new TrainJob(
                folder,
                family,
                pictures,
                fit,
                spec,
                phases,
                resolved,
                tokens,
                guidance,
                checkpoints,
                samples,
                samplePrompt == null ? pictures.get(0).caption() : samplePrompt,
                resume,
                encodings,
                record,
                files);
    }

    private boolean resumes(TrainFile file) {
        String named = file.string("resume_from_checkpoint");
        if (named != null && !named.equals(LATEST)) {
            throw new WrongUseException(
                    "resume_from_checkpoint "
                            + named
                            + ": expected "
                            + LATEST
                            + "; checkpoints are found in the output folder");
        }
        if (resume && overwrite) {
            throw new WrongUseException("--resume and --overwrite: give one of them");
        }
        resume |= named != null && !overwrite;
        return resume;
    }

    private Path outFolder(TrainFile file) {
        String named = file.string("output_dir");
        return out == null && named != null ? Path.of(named) : out;
    }

    private Plan plan(TrainFile file) {
        try {
            return PlanJson.find(planName(file));
        } catch (IllegalArgumentException e) {
            throw new WrongUseException("--plan: " + e.getMessage());
        }
    }

    private String planName(TrainFile file) {
        String named = plan == null ? file.string("plan") : plan;
        return named == null ? "glance" : named;
    }

    private String phaseName(TrainFile file) {
        String named = phase == null ? file.string("phase") : phase;
        return named == null ? BOTH : named;
    }

    private List<String> phases(TrainFile file, Plan spec) {
        List<String> known = spec.phases().stream().map(Plan.Phase::name).toList();
        String wanted = phaseName(file);
        if (wanted.equals(PhaseNote.ALL) || known.contains(wanted)) {
            return List.of(wanted);
        }
        if (wanted.equals(BOTH) && !known.isEmpty()) {
            return known;
        }
        throw new WrongUseException(
                "--phase "
                        + wanted
                        + ": plan "
                        + spec.name()
                        + " has "
                        + (known.isEmpty()
                                ? "no phases; use " + PhaseNote.ALL
                                : "the phases " + String.join(", ", known)));
    }

    private Path cacheFolder(TrainFile file) {
        if (cache == null && file.string("encodings") != null) {
            cache = Path.of(file.string("encodings"));
        }
        if (cache == null) {
            return CacheFolder.folder(CACHE);
        }
        try {
            return Files.createDirectories(cache);
        } catch (IOException e) {
            throw new WrongUseException("--cache " + cache + ": cannot be made (" + e + ")");
        }
    }
}
