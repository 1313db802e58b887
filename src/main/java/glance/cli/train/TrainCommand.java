package glance.cli.train;

import static glance.cli.train.TrainSettings.set;

import glance.Glance;
import glance.Model;
import glance.api.CancelledException;
import glance.api.Plan;
import glance.api.Residency;
import glance.api.Trained;
import glance.api.Training;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.PartOptions;
import glance.cli.common.PeakMemory;
import glance.cli.common.Progress;
import glance.cli.common.PromptTokensOption;
import glance.cli.common.Session;
import glance.cli.common.Units;
import glance.cli.common.WrongUseException;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.schedule.PlanJson;
import glance.train.TrainFiles;
import glance.train.TrainJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
                    + " steps. For each phase the folder --out gets the adapter PHASE.safetensors,"
                    + " which knows its steps (generate --lora FOLDER), PHASE.csv with a line for"
                    + " every step, PHASE.png with the losses, and PHASE.checkpoint.safetensors.",
            "",
            "For models that edit (Qwen-Image-Edit, FLUX.1 Kontext, FLUX.2 [klein]) a picture comes with what it is"
                    + " made from: --image AFTER --reference BEFORE --caption \"what becomes of"
                    + " it\", or in a folder NAME.png, NAME.ref.png and NAME.txt. Then generate"
                    + " --reference FILE draws with the adapters.",
            "",
            "A run that was stopped by Ctrl-C, a kill or a failure goes on with --resume --out"
                    + " FOLDER, with the settings kept there, and ends with the same bits. Where an"
                    + " option has no default here, the model's family has its own, as in the"
                    + " paper: rank 32, alpha 128, rate 3e-4, 60 steps, caption dropout 0.1 for"
                    + " Qwen-Image, and rate 2e-4 for Qwen-Image-Edit.",
            ""
        },
        abbreviateSynopsis = true,
        footer = {
            "",
            "Examples:",
            "  glance-engine train --image mine.png --caption \"a red circle\" --out mine/",
            "  glance-engine train --data pictures/ --model Qwen/Qwen-Image --phase slow",
            "  glance-engine train --image snow.png --reference house.png \\",
            "      --caption \"the house in snow\" --model FLUX.1-Kontext-dev --out snow/",
            "  glance-engine train --resume --out more/ --steps 120",
            "  glance-engine train --config train_lora.yaml --sample-every 20",
            "",
            "A file for --config is YAML or JSON with the names of the paper's repository:",
            "  pretrained_model_name_or_path, output_dir, max_train_steps, rank,",
            "  learning_rate, lora_alpha, lr_scheduler (constant, constant_with_warmup),",
            "  lr_warmup_steps, adam_beta1, adam_beta2, adam_epsilon, adam_weight_decay,",
            "  adam8bit, max_grad_norm, gradient_accumulation_steps, train_batch_size,",
            "  checkpointing_steps, resume_from_checkpoint (latest), target_modules, seed,",
            "  plan, phase, image, caption, references,",
            "  data_config: img_dir, img_size, caption_dropout_rate"
        })
public final class TrainCommand implements Callable<Integer> {
    private static final String BOTH = "both";
    private static final String LATEST = "latest";
    private static final Path DEFAULT_FOLDER = Path.of("adapters");

    private final Session session;

    @Mixin private TrainData data;

    @Option(
            names = "--phase",
            paramLabel = "PHASE",
            description =
                    "slow (layout), fast (detail), or both one after the other; all for one "
                            + "adapter for every step. Default: both.")
    private String phase;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            description =
                    "The plan that you will draw with: its phases say which noise levels an "
                            + "adapter learns. Default: glance.")
    private String plan;

    @Mixin private TrainSettings settings;
    @Mixin private PromptTokensOption promptTokens;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "Settings in a file, for a run that you want to repeat; options override "
                            + "them. See below.")
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
            description =
                    "Steps between two checkpoints, from which --resume goes on; 0 for only "
                            + "one at the end. Lower it where runs are often stopped. Default: 20.")
    private Integer checkpointEvery;

    @Option(
            names = "--sample-every",
            paramLabel = "N",
            description =
                    "Draw a picture after every N steps, into --out/samples, to see when it is "
                            + "enough. Default: none.")
    private Integer sampleEvery;

    @Option(
            names = "--sample-prompt",
            paramLabel = "TEXT",
            description = "What these pictures are to show. Default: the first caption.")
    private String samplePrompt;

    @Option(
            names = "--cache",
            paramLabel = "FOLDER",
            description =
                    "Where encoded texts and pictures are kept for the next run. Default: the "
                            + "user's cache.")
    private Path cache;

    @Mixin private DeviceOption deviceOption;

    public TrainCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        TrainFile file = file();
        Training training = training(file);
        String name = data.model(file);
        ModelFolder model = data.folder(session, file);
        Path folder = outFolder(file);
        TrainJob job = TrainJob.of(training, model, folder);
        requireFree(job.files(), folder);
        data.leftOut().ifPresent(session::note);
        if (!file.ignored().isEmpty()) {
            session.note(config + ": without effect here: " + String.join(", ", file.ignored()));
        }
        TrainRecord record = record(file, job, training).withParts(model.parts());
        try (Glance glance = Glance.open(deviceOption.name(), deviceOption.options());
                Model opened = glance.load(model.named(), model.parts(), name, Residency.STREAM);
                Progress progress = progress(record, folder, glance)) {
            session.note(
                    name
                            + " on "
                            + glance.device().id()
                            + ": "
                            + Units.plural(job.pictures().size(), "picture")
                            + ", "
                            + String.join(" and ", job.phases())
                            + " of plan "
                            + job.plan().name()
                            + ", "
                            + Units.plural(job.settings().steps(), "step")
                            + " each");
            report(
                    opened.train(training, folder, progress),
                    name,
                    PartOptions.of(model),
                    job,
                    folder);
            return ExitCode.OK;
        } catch (CancelledException e) {
            session.note(
                    e.getMessage()
                            + "; glance-engine train --resume --out "
                            + ShellWord.of(folder.toString())
                            + " goes on from there");
            return ExitCode.INTERRUPTED;
        }
    }

    private Progress progress(TrainRecord record, Path folder, Glance glance) {
        return new Progress(session, "training") {
            @Override
            public void begins() {
                record.write(folder);
            }

            @Override
            public void adapter(Trained.Adapter adapter) {
                note(
                        adapter.phase()
                                + ": "
                                + (adapter.losses().isEmpty()
                                        ? "nothing left to do"
                                        : summary(adapter.losses(), this)
                                                + ", "
                                                + PeakMemory.of(glance.memory()).text()));
            }
        };
    }

    /** What the steps of a phase came to. */
    private static String summary(List<Float> losses, Progress progress) {
        int ends = Math.min(Progress.RECENT, losses.size());
        return String.format(
                Locale.ROOT,
                "%s in %s (%s/step), loss %.4f in the first %d and %.4f in the last",
                Units.plural(losses.size(), "step"),
                Units.seconds(progress.seconds()),
                Units.seconds(progress.secondsPerStep()),
                Progress.mean(losses.subList(0, ends)),
                ends,
                Progress.mean(losses.subList(losses.size() - ends, losses.size())));
    }

    /** Says what there is now, and the command that draws with it. */
    private void report(
            Trained trained, String model, List<String> parts, TrainJob job, Path folder) {
        List<Trained.Adapter> adapters = trained.adapters();
        adapters.forEach(adapter -> session.out().println(adapter.file()));
        Path used = adapters.size() == 1 ? adapters.get(0).file() : folder;
        session.note(
                Units.plural(adapters.size(), "adapter")
                        + " in "
                        + Units.seconds(trained.seconds())
                        + "; see what they do: glance-engine generate "
                        + ShellWord.of(job.pictures().get(0).caption())
                        + (model.equals(BuiltInModel.NAME) ? "" : " --model " + ShellWord.of(model))
                        + parts.stream()
                                .map(word -> " " + ShellWord.of(word))
                                .collect(Collectors.joining())
                        + job.pictures().get(0).references().stream()
                                .map(file -> " --reference " + ShellWord.of(file.toString()))
                                .collect(Collectors.joining())
                        + " --lora "
                        + ShellWord.of(used.toString()));
    }

    /** The one named, else that of the run that goes on. */
    private TrainFile file() {
        if (config != null) {
            return TrainFile.read(config);
        }
        Path kept = TrainRecord.in(out == null ? DEFAULT_FOLDER : out);
        return resume && Files.isRegularFile(kept) ? TrainFile.read(kept) : TrainFile.none();
    }

    /** What options and file say; the rest is left to the model's family. */
    private Training training(TrainFile file) {
        Training t = settings.over(data.training(file), file).plan(plan(file));
        t = BOTH.equals(phaseName(file)) ? t : t.phases(phaseName(file));
        t =
                set(
                        t,
                        promptTokens.given(),
                        file.integer("max_sequence_length"),
                        Training::maxPromptTokens);
        t = set(t, checkpointEvery, file.integer("checkpointing_steps"), Training::checkpointEvery);
        t = set(t, sampleEvery, file.integer("sample_every"), Training::sampleEvery);
        t = set(t, samplePrompt, file.string("sample_prompt"), Training::samplePrompt);
        if (t.samplePrompt().isPresent()
                && (t.sampleEvery() == 0 || t.samplePrompt().get().isBlank())) {
            throw new WrongUseException("--sample-prompt: needs a text, and --sample-every N");
        }
        String kept = file.string("encodings");
        t = set(t, cache, kept == null ? null : Path.of(kept), Training::cache);
        if (resumes(file)) {
            return t.resume();
        }
        return overwrite ? t.overwrite() : t;
    }

    /** Finds out before the device is opened, and names the options that help. */
    private static void requireFree(TrainFiles files, Path folder) {
        files.taken()
                .ifPresent(
                        file -> {
                            throw new WrongUseException(
                                    "--out "
                                            + folder
                                            + ": holds "
                                            + file.getFileName()
                                            + " already; use --resume to go on, --overwrite to"
                                            + " start anew, or another folder");
                        });
    }

    private TrainRecord record(TrainFile file, TrainJob job, Training training) {
        TrainRecord record = new TrainRecord();
        data.record(file, record);
        return record.withPath("plan", planName(file))
                .with("phase", phaseName(file))
                .with(job)
                .with("sample_prompt", training.samplePrompt().orElse(null))
                .with(
                        "encodings",
                        training.cache()
                                .map(Path::toAbsolutePath)
                                .map(Path::toString)
                                .orElse(null));
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
        return resume || named != null && !overwrite;
    }

    private Path outFolder(TrainFile file) {
        String named = file.string("output_dir");
        if (out != null) {
            return out;
        }
        return named == null ? DEFAULT_FOLDER : Path.of(named);
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
}
