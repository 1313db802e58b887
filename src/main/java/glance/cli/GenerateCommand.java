package glance.cli;

import glance.Glance;
import glance.Model;
import glance.Picture;
import glance.api.DeviceInfo;
import glance.api.Lora;
import glance.api.Request;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.api.Residency;
import glance.api.Strength;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.Progress;
import glance.cli.common.Session;
import glance.cli.common.SettingsOptions;
import glance.cli.common.Units;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.picture.AdapterNames;
import glance.picture.Origin;
import glance.pipeline.Families;
import glance.pipeline.OwnExperts;
import glance.pipeline.Settings;
import glance.schedule.Seeds;
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
            "Prints the name of each picture's file as soon as it is there. The settings are kept in it:"
                    + " --from repeats it.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine generate \"a red circle left of a blue heart\"",
            "  glance-engine generate \"a red circle\" \"a green heart\" --batch 4 --out pics",
            "  glance-engine generate \"a red circle\" --plan full --seed 7 --preview 10",
            "  glance-engine generate \"a cat\" --model Qwen/Qwen-Image --size 1328x1328 \\",
            "      --lora slow.safetensors@slow --lora fast.safetensors:0.9@fast",
            "  glance-engine generate --from a-red-circle-7.png --plan uniform-10",
            "  glance-engine generate \"a red fox in snow\" --init sketch.png --strength 0.7",
            "  glance-engine generate \"a red hat\" --init photo.png --mask white-on-the-head.png",
            "  glance-engine generate \"a wide beach\" --init photo.png --extend 256,0,256,0",
            "",
            "Plans: glance (10 steps of the model's 50: 5 slow, 5 fast), glance-8, glance-15, full (50 "
                    + "steps), uniform-N (N steps), or a JSON file: {\"of\": 50, \"keep\": [1, 9, 21, 50]}. "
                    + "For published adapters that need few steps, with their guidance and strength: "
                    + "lightning-4, lightning-8 (Qwen-Image-Lightning), turbo-8 (FLUX.1-Turbo-Alpha), "
                    + "hyper-8 (Hyper-FLUX.1-dev-8steps); a file of their name brings its plan along.",
            "A step costs two passes with guidance. Of 100 pictures of the built-in model about 79 are "
                    + "right in 5 steps, its default, as in 50; in 4 steps 62, in 3 steps 34.",
            "",
            "Names of other tools work too: --steps N or --num-inference-steps N (plan uniform-N),"
                    + " --width and --height, --cfg, --guidance-scale, --negative-prompt, --prompt, -n or"
                    + " --num-images, -s, -m.",
            "",
            "Adapters made by the command train know their steps: --lora FILE is enough. A model may "
                    + "carry adapters for a plan: they are used unless --lora or --no-lora is given, or the "
                    + "model's glance.json turns them off, as that of the built-in one does."
        })
final class GenerateCommand implements Callable<Integer> {
    private static final int DEFAULT_QUALITY = 95;

    /** Sides beyond this many times the usual one, or below that part of it, are warned about. */
    private static final int MAX_STRETCH = 2;

    private final Session session;

    @Mixin private SettingsOptions settingsOptions;
    @Mixin private DeviceOption deviceOption;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = {
                "A .png or .jpg file, a folder, - for standard output, or a pattern with {n}, {seed},"
                        + " {prompt}; several pictures in one FILE are numbered. Default: a name"
                        + " made of prompt and seed, in this folder."
            })
    private String out;

    @Option(names = "--overwrite", description = "Replace existing files.")
    private boolean overwrite;

    @Option(
            names = "--quality",
            paramLabel = "Q",
            description = "Of a .jpg file, 1 to 100. Default: 95.")
    private Integer quality;

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
        SettingsOptions.Resolved resolved = settingsOptions.resolve(session);
        Settings settings = resolved.settings();
        OutputFiles files =
                OutputFiles.plan(
                        out, overwrite, settings.prompts(), settings.seed(), settings.batch());
        checkOutput(files.files());
        Request request = settings.request();
        try (Glance glance = Glance.open(deviceOption.name(), deviceOption.options())) {
            Model model =
                    glance.load(
                            resolved.folder().named(),
                            resolved.folder().parts(),
                            resolved.name(),
                            Residency.STREAM);
            check(model, request);
            Family family = Families.of(resolved.folder());
            adviseQuotes(family);
            adviseSize(settings, family.geometry(resolved.folder()).defaultSize());
            PictureWriter writer =
                    new PictureWriter(
                            session,
                            Origin.of(resolved.name(), settings, resolved.folder()),
                            files,
                            quality == null ? DEFAULT_QUALITY : quality,
                            !json);
            writer.prepare();
            DeviceInfo device = glance.device();
            session.note(
                    resolved.name()
                            + " on "
                            + device.id()
                            + " ("
                            + device.description()
                            + "), plan "
                            + settings.plan().name()
                            + " ("
                            + steps(settings)
                            + ")"
                            + adapters(settings, resolved.folder())
                            + ", seed "
                            + Seeds.text(settings.seed()));
            try (Progress progress = progress(writer)) {
                model.draw(request, progress);
            }
            RunReport report =
                    RunReport.of(
                            resolved, writer.written(), glance, (System.nanoTime() - start) * 1e-9);
            report.print(session, json);
            return writer.hasDisplaced() ? ExitCode.FAILURE : ExitCode.OK;
        }
    }

    private static String steps(Settings settings) {
        String all = Units.plural(settings.plan().levels().count(), "step");
        return settings.firstStep() == 1 ? all : "the last " + settings.steps() + " of " + all;
    }

    private Progress progress(PictureWriter writer) {
        return new Progress(session, "denoising") {
            @Override
            public boolean wantsPreview(glance.Progress progress) {
                return previewEvery > 0 && progress.step() % previewEvery == 0;
            }

            @Override
            public void preview(glance.Progress progress, List<Picture> pictures) {
                writer.preview(progress, pictures);
            }

            @Override
            public void picture(int index, Picture picture) {
                close();
                writer.write(index, picture);
            }
        };
    }

    private String adapters(Settings settings, ModelFolder folder) {
        List<Lora> all = settings.loras();
        if (all.isEmpty()) {
            return "";
        }
        if (all.stream().allMatch(adapter -> isOwn(folder, adapter))) {
            return " with the model's own experts ("
                    + all.stream()
                            .map(GenerateCommand::part)
                            .sorted(Comparator.reverseOrder())
                            .collect(Collectors.joining(", "))
                    + "; --no-lora turns them off)";
        }
        return " with " + all.stream().map(AdapterNames::text).collect(Collectors.joining(" and "));
    }

    /** Whether the model carries an adapter, and it is used as trained. */
    private static boolean isOwn(ModelFolder folder, Lora adapter) {
        return OwnExperts.isOf(folder, adapter) && adapter.strength().equals(Strength.OF_PLAN);
    }

    private void adviseQuotes(Family family) {
        // A model of classes takes one word for a picture.
        if (settingsOptions.lookUnquoted() && family.typicalPrompt().contains(" ")) {
            session.note(
                    "several prompts of one word each; for one picture of them all, put the words in"
                            + " quotes: generate \"a red circle\"");
        }
    }

    /** The steps of an expert, or its file's name where it has none of its own. */
    private static String part(Lora adapter) {
        return adapter.steps() == null
                ? adapter.path().getFileName().toString()
                : adapter.steps().toString();
    }

    private void checkOutput(List<Path> files) {
        boolean jpeg = files.stream().anyMatch(OutputFiles::isJpeg);
        if (quality != null && (quality < 1 || quality > 100)) {
            throw new WrongUseException("--quality " + quality + ": must be 1 to 100");
        }
        if (quality != null && !jpeg) {
            throw new WrongUseException("--quality: is for a JPEG; give --out a .jpg file");
        }
        Path first = files.get(0);
        if (OutputFiles.isStdout(first) && json) {
            throw new WrongUseException("--json and --out -: both take standard output");
        }
        if ((OutputFiles.isStdout(first) || OutputFiles.isStream(first)) && previewEvery > 0) {
            throw new WrongUseException("--preview: needs --out to be a file or a folder");
        }
    }

    private void adviseSize(Settings settings, int usual) {
        int shorter = Math.min(settings.width(), settings.height());
        int longer = Math.max(settings.width(), settings.height());
        if (longer > MAX_STRETCH * usual || MAX_STRETCH * shorter < usual) {
            session.note(
                    "warning: the model draws best at about "
                            + new Size(usual, usual)
                            + "; "
                            + settings.size()
                            + " is far from that, and shapes may repeat or break");
        }
    }

    /** Finds what is wrong with the arguments before anything is loaded. */
    private void check(Model model, Request request) {
        try {
            model.check(request);
        } catch (RequestException e) {
            Path from = settingsOptions.from();
            throw new WrongUseException(
                    (from == null ? "" : "with the settings of " + from + ": ") + e.getMessage());
        }
    }
}
