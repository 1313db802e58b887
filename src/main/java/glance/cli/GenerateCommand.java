package glance.cli;

import glance.backend.Device;
import glance.backend.Devices;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.lora.LoraSpec;
import glance.model.Family;
import glance.ops.Ops;
import glance.pipeline.Experts;
import glance.pipeline.Guidance;
import glance.pipeline.ImageRequest;
import glance.pipeline.ImageResult;
import glance.pipeline.TextToImage;
import glance.schedule.PhasePlan;
import glance.schedule.Seeds;
import glance.schedule.StepRange;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes pictures. */
@Command(
        name = "generate",
        sortOptions = false,
        header = "Makes pictures from prompts.",
        description = {
            "",
            "Prints the name of each picture's file. The settings are kept in the PNG: --from repeats it.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine generate \"a red circle left of a blue heart on a white background\"",
            "  glance-engine generate \"a red circle\" \"a green heart\" --batch 4 --out pictures/",
            "  glance-engine generate \"a red circle\" --plan full --seed 7 --preview 10",
            "  glance-engine generate \"a cat\" --model Qwen-Image --size 1328x1328 \\",
            "      --lora slow.safetensors@slow --lora fast.safetensors:0.9@fast",
            "  glance-engine generate --from a-red-circle-7.png --plan uniform-10",
            "",
            "Plans: glance (10 steps of the model's 50: 5 slow, 5 fast), glance-8, glance-15, full (50 "
                    + "steps), uniform-N (N steps), or a JSON file: {\"of\": 50, \"keep\": [1, 9, 21, 50]}.",
            "",
            "Names of other tools work too: --steps N or --num-inference-steps N (plan uniform-N),"
                    + " --width and --height, --cfg, --guidance-scale, --negative-prompt, --prompt, -n or"
                    + " --num-images, -s, -m.",
            "",
            "Adapters made by the command train know their steps: --lora FILE is enough. A model may "
                    + "carry adapters for a plan: they are used unless --lora or --no-lora is given."
        })
final class GenerateCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private SettingsOptions settingsOptions;
    @Mixin private DeviceOption deviceOption;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = {
                "A .png file, a folder (end it with /), or a pattern with {n}, {seed}, {prompt};"
                        + " several pictures in one FILE are numbered. Default: a name made of prompt"
                        + " and seed, in this folder."
            })
    private String out;

    @Option(names = "--overwrite", description = "Replace existing files.")
    private boolean overwrite;

    @Option(
            names = "--preview",
            paramLabel = "N",
            description = "Also write the picture as it looks after every N steps.")
    private int previewEvery;

    @Option(names = "--json", description = "Print a JSON record of the run, for programs.")
    private boolean json;

    GenerateCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        if (previewEvery < 0) {
            throw new WrongUseException(
                    "--preview " + previewEvery + ": must be a number of steps, 1 or more");
        }
        settingsOptions.readPiped(session);
        SettingsOptions.Resolved resolved = settingsOptions.resolve();
        Settings settings = resolved.settings();
        List<Path> files =
                OutputFiles.plan(
                        out, overwrite, settings.prompts(), settings.seed(), settings.batch());
        ImageRequest request = request(settings, resolved.rescale());
        try (Device device = Devices.open(deviceOption.name(), deviceOption.options());
                Ops ops = new Ops(device)) {
            TextToImage pipeline = new TextToImage(ops, resolved.folder());
            PhasePlan plan = check(pipeline, request);
            adviseQuotes(pipeline.family());
            session.note(
                    settings.model()
                            + " on "
                            + device.info().id()
                            + " ("
                            + device.info().description()
                            + "), plan "
                            + plan.name()
                            + " ("
                            + Units.plural(plan.steps().size(), "step")
                            + ")"
                            + adapters(settings, resolved.folder())
                            + ", seed "
                            + Seeds.text(settings.seed()));
            Writer writer = new Writer(settings, plan, files);
            try (Progress progress =
                    new Progress(
                            session, settings.prompts().size(), writer::preview, writer::write)) {
                pipeline.run(request, progress);
            }
            RunReport report =
                    RunReport.of(
                            settings,
                            plan,
                            files,
                            device,
                            request.guidance().isActive(),
                            (System.nanoTime() - start) * 1e-9);
            report.print(session, json);
            return ExitCode.OK;
        }
    }

    private static String adapters(Settings settings, ModelFolder folder) {
        List<LoraSpec> all = settings.adapters();
        if (all.isEmpty()) {
            return "";
        }
        if (all.stream().allMatch(adapter -> Experts.isOf(folder, adapter))) {
            return " with the model's own experts ("
                    + all.stream()
                            .map(LoraSpec::steps)
                            .sorted(Comparator.reverseOrder())
                            .collect(Collectors.joining(", "))
                    + "; --no-lora turns them off)";
        }
        return " with " + all.stream().map(AdapterNames::text).collect(Collectors.joining(" and "));
    }

    private void adviseQuotes(Family family) {
        // A model of classes takes one word for a picture.
        if (settingsOptions.lookUnquoted() && family.typicalPrompt().contains(" ")) {
            session.note(
                    "several prompts of one word each; for one picture of them all, put the words in"
                            + " quotes: generate \"a red circle\"");
        }
    }

    private ImageRequest request(Settings settings, boolean rescale) {
        return new ImageRequest(
                settings.prompts(),
                settings.negative(),
                settings.seed(),
                settings.batch(),
                settings.size().width(),
                settings.size().height(),
                new Guidance(settings.guidance(), rescale, settings.embeddedGuidance()),
                settings.plan(),
                settings.adapters(),
                previewEvery,
                settings.maxPromptTokens());
    }

    /** Finds what is wrong with the arguments before anything is loaded. */
    private static PhasePlan check(TextToImage pipeline, ImageRequest request) {
        try {
            pipeline.check(request);
            PhasePlan plan = pipeline.plan(request);
            request.loras().stream()
                    .filter(lora -> lora.steps() != null)
                    .forEach(lora -> StepRange.parse(lora.steps(), plan));
            return plan;
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }

    /** Writes pictures with their settings. */
    private record Writer(Settings settings, PhasePlan plan, List<Path> files) {
        void preview(int prompt, int step, List<BufferedImage> pictures) {
            for (int b = 0; b < pictures.size(); b++) {
                Path file = files.get(prompt * settings.batch() + b);
                Images.writePng(
                        OutputFiles.preview(file, step),
                        pictures.get(b),
                        PictureText.of(
                                settings,
                                plan,
                                settings.prompts().get(prompt),
                                settings.seed() + b));
            }
        }

        void write(ImageResult result, int index) {
            Images.writePng(
                    files.get(index),
                    result.picture(),
                    PictureText.of(settings, plan, result.prompt(), result.seed()));
        }
    }
}
