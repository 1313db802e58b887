package glance.cli;

import glance.Glance;
import glance.Model;
import glance.api.DeviceInfo;
import glance.api.RequestException;
import glance.api.Residency;
import glance.compare.ComparisonRequest;
import glance.compare.Outcome;
import glance.compare.ReportFiles;
import glance.compare.SummaryTable;
import glance.compare.scene.Scene;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.pipeline.Settings;
import glance.schedule.Seeds;
import glance.text.EngineVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares runs with the teacher. */
@Command(
        name = "compare",
        sortOptions = false,
        header = "Compares plans and adapters with the model's own 50 steps.",
        description = {
            "",
            "For each prompt and seed the teacher and all other runs start from the same noise. Shown"
                    + " for each run: forward passes, seconds, PSNR and SSIM to the teacher's picture,"
                    + " relative error of the final latents. The folder --out gets report.md,"
                    + " pictures.csv, results.json, sheet.png (prompts down, runs across) and"
                    + " steps.png (quality by number of steps; one line for runs called NAME-N).",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Presets, with --slow FILE and --fast FILE:",
            "  controls  base-uniform-10, base (the same steps without adapters), slow-only,",
            "            fast-only, slow+fast, swapped, slow-everywhere, fast-everywhere",
            "  sweep     switch-K: Slow in the first K steps, then Fast; K from 0 to 10",
            "",
            "Measures:",
            "  PSNR          10 log10(255^2 / mean squared difference), in dB",
            "  SSIM          Wang et al. 2004: 11x11 gaussian window (1.5), K1 0.01, K2 0.03,",
            "                mean of the three channels",
            "  latent error  |x - y| / |y| of the final latents, y those of the teacher",
            "  Where --prompts is a .jsonl file with scenes, as eval/scenes.jsonl: shares of",
            "  pictures with the right background, colours, shapes, count and layout; won and",
            "  lost pictures beside those of --against, p of a two-sided sign test.",
            "",
            "Examples:",
            "  glance-engine compare \"a red circle\" --plans glance uniform-10 --out out/",
            "  glance-engine compare --prompts eval/scenes.jsonl --preset controls \\",
            "      --slow slow.safetensors --fast fast.safetensors --seeds 3 --out controls/",
            "  glance-engine compare --prompts prompts.txt --out strength/ \\",
            "      --run half=glance,slow.safetensors:0.5@slow,fast.safetensors:0.5@fast \\",
            "      --run own=glance,own \\",
            "      --run all=glance,slow.safetensors@slow,fast.safetensors@fast"
        })
final class CompareCommand implements Callable<Integer> {
    private static final int MAX_SHEET_ROWS = 1000;

    private final Session session;

    @Parameters(paramLabel = "PROMPT", arity = "0..*", description = "What to draw.")
    private List<String> prompts = new ArrayList<>();

    @Option(names = "--prompt", hidden = true)
    private List<String> namedPrompts = new ArrayList<>();

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "A prompt on each line, or a .jsonl file with the key prompt.")
    private Path promptFile;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N prompts.")
    private int limit = Integer.MAX_VALUE;

    @Mixin private CompareRuns runs;

    @Mixin private CompareSetting setting;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where the files go; made if missing. Default: only the table is shown.")
    private Path out;

    @Option(names = "--overwrite", description = "Replace the files of an earlier comparison.")
    private boolean overwrite;

    @Option(names = "--pictures", description = "Also write every picture to FOLDER/pictures.")
    private boolean keepPictures;

    @Option(
            names = "--cache",
            paramLabel = "FOLDER",
            description =
                    "Keep the latents of every run there, and take them from there: an interrupted"
                            + " comparison goes on, and a teacher is run once for all comparisons.")
    private Path cache;

    @Option(
            names = "--sheet-rows",
            paramLabel = "N",
            defaultValue = "24",
            description = "Rows of the contact sheet at most. Default: ${DEFAULT-VALUE}.")
    private int sheetRows;

    @Option(names = "--json", description = "Print the results as JSON in place of the table.")
    private boolean json;

    @Mixin private DeviceOption deviceOption;

    CompareCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        CompareSetting.requireRange("--limit", limit, Integer.MAX_VALUE);
        CompareSetting.requireRange("--sheet-rows", sheetRows, MAX_SHEET_ROWS);
        if (keepPictures && out == null) {
            throw new WrongUseException("--pictures: needs --out FOLDER");
        }
        prompts.addAll(namedPrompts);
        ComparePrompts given = ComparePrompts.read(prompts, promptFile, limit);
        ModelFolder folder = SettingsOptions.open(setting.model());
        ComparisonRequest request = request(given, folder);
        try (Glance glance = Glance.open(deviceOption.name(), deviceOption.options());
                Model opened = glance.load(folder.path(), setting.model(), Residency.RESIDENT)) {
            check(opened, request);
            CompareFiles files = out == null ? null : new CompareFiles(out, overwrite);
            if (keepPictures) {
                files.makePictureFolder();
            }
            noteUnscored(request, given.hasScenes());
            String without = runs.noteWithoutOwn(folder);
            if (without != null) {
                session.note(without);
            }
            DeviceInfo device = glance.device();
            int pictures =
                    given.texts().size()
                            * request.seeds().size()
                            * (request.contenders().size() + 1);
            session.note(
                    setting.model()
                            + " on "
                            + device.id()
                            + ": "
                            + Units.plural(pictures, "picture")
                            + ", "
                            + Units.plural(request.totalSteps(), "step"));
            Gallery gallery = new Gallery(request, files, sheetRows, keepPictures);
            List<Outcome> outcomes;
            try (Progress progress = new Progress(session, "comparing", request.totalSteps())) {
                outcomes = opened.compare(request, cacheFolder(), progress, gallery);
            }
            ReportFiles report =
                    new ReportFiles(request, about(device, request, without), outcomes);
            finish(report, files, gallery);
            boolean complete = outcomes.size() == pictures;
            if (!complete) {
                session.note(
                        "interrupted; the results are of the first "
                                + Units.plural(outcomes.size(), "picture"));
            }
            return complete ? ExitCode.OK : ExitCode.INTERRUPTED;
        }
    }

    private Path cacheFolder() throws IOException {
        if (cache != null && Files.exists(cache) && !Files.isDirectory(cache)) {
            throw new WrongUseException("--cache " + cache + ": is a file; give a folder");
        }
        return cache == null ? null : Files.createDirectories(cache);
    }

    private ComparisonRequest request(ComparePrompts given, ModelFolder folder) {
        try {
            return new ComparisonRequest(
                    setting.of(given.texts(), folder),
                    given.scenes(),
                    setting.seeds(),
                    runs.teacher(),
                    runs.contenders(folder),
                    runs.against());
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }

    private void noteUnscored(ComparisonRequest request, boolean hasScenes) {
        int width = request.setting().width();
        int height = request.setting().height();
        if (hasScenes && (width != Scene.SIDE || height != Scene.SIDE)) {
            session.note("scenes are scored at 64x64 pixels only, not at " + width + "x" + height);
        }
    }

    /** Finds what is wrong with the arguments before anything is loaded. */
    private static void check(Model model, ComparisonRequest request) {
        try {
            request.runs().forEach(run -> model.check(request.settings(run).request()));
        } catch (RequestException e) {
            throw new WrongUseException(e.getMessage());
        }
    }

    private Map<String, String> about(
            DeviceInfo device, ComparisonRequest request, String without) {
        Settings shared = request.setting();
        List<Long> seeds = request.seeds();
        Map<String, String> about = new LinkedHashMap<>();
        about.put("engine", EngineVersion.software());
        about.put("date", OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        about.put("model", setting.model());
        about.put("device", device.id() + " (" + device.description() + ")");
        about.put("size", shared.size());
        about.put("guidance", Float.toString(shared.guidance().scale()));
        if (shared.guidance().embedded() != 0) {
            about.put("embedded guidance", Float.toString(shared.guidance().embedded()));
        }
        about.put("negative prompt", "'" + shared.negative() + "'");
        if (shared.maxPromptTokens() != 0) {
            about.put("max prompt tokens", Integer.toString(shared.maxPromptTokens()));
        }
        about.put("prompts", Integer.toString(shared.prompts().size()));
        about.put(
                "seeds",
                Seeds.text(seeds.get(0))
                        + (seeds.size() == 1
                                ? ""
                                : " to " + Seeds.text(seeds.get(seeds.size() - 1))));
        if (without != null) {
            about.put("adapters", without);
        }
        return about;
    }

    private void finish(ReportFiles report, CompareFiles files, Gallery gallery) {
        if (files != null) {
            // A request to stop interrupts this thread, which would close the files.
            Thread.interrupted();
            CompareFiles.write(
                    files.report(), report.markdown(files.sheet().getFileName().toString()));
            CompareFiles.write(files.csv(), report.csv());
            CompareFiles.write(files.json(), report.json());
            Map<String, String> text = Map.of("Software", "glance-engine");
            Images.writePng(files.sheet(), gallery.sheet(), text);
            report.chart().ifPresent(chart -> Images.writePng(files.chart(), chart, text));
        }
        if (json) {
            session.out().print(report.json());
            return;
        }
        SummaryTable summary = report.table();
        Table table = new Table(summary.header().toArray(String[]::new));
        summary.rows().forEach(row -> table.row(row.toArray(String[]::new)));
        table.print(session.out());
        session.out().println(summary.legend());
        if (files != null) {
            session.note("written: " + files.report() + " and the files beside it");
        }
    }
}
