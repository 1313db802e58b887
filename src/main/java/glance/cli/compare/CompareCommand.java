package glance.cli.compare;

import glance.ComparisonReport;
import glance.Glance;
import glance.Model;
import glance.api.Comparison;
import glance.api.Residency;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.Progress;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.Units;
import glance.cli.common.WrongUseException;
import glance.compare.ComparisonFiles;
import glance.compare.ComparisonRequest;
import glance.io.ModelFolder;
import glance.scene.Scene;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
                    + " steps.png (quality by number of steps; one line for runs called NAME-N)."
                    + " --lora-grid makes grid.png in place of sheet.png.",
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
            "  speed     slow and fast on their plan, the --speed adapters on theirs, and the model",
            "            alone on as many steps as each",
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
            "      --run all=glance,slow.safetensors@slow,fast.safetensors@fast",
            "  glance-engine compare \"a red circle\" --seed 7 --out grid/ \\",
            "      --lora-grid slow.safetensors=0,0.5,1 --lora-grid fast.safetensors=0,0.5,1"
        })
public final class CompareCommand implements Callable<Integer> {
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

    public CompareCommand(Session session) {
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
        ModelFolder folder = setting.folder(session);
        String without = runs.noteWithoutOwn(folder);
        Comparison comparison = comparison(given, folder, without);
        ComparisonRequest request = request(comparison, folder);
        try (Glance glance = Glance.open(deviceOption.name(), deviceOption.options());
                Model opened =
                        glance.load(
                                folder.named(),
                                folder.parts(),
                                setting.model(),
                                Residency.RESIDENT)) {
            opened.check(comparison);
            makeFolders();
            noteUnscored(request, given.hasScenes());
            if (without != null) {
                session.note(without);
            }
            session.note(
                    setting.model()
                            + " on "
                            + glance.device().id()
                            + ": "
                            + Units.plural(request.totalPictures(), "picture")
                            + ", "
                            + Units.plural(request.totalSteps(), "step"));
            ComparisonReport report;
            try (Progress progress = new Progress(session, "comparing")) {
                report = opened.compare(comparison, progress);
            }
            finish(report);
            if (!report.isComplete()) {
                session.note(
                        "interrupted; the results are of the first "
                                + Units.plural(report.outcomes().size(), "picture"));
            }
            return report.isComplete() ? ExitCode.OK : ExitCode.INTERRUPTED;
        }
    }

    private Comparison comparison(ComparePrompts given, ModelFolder folder, String without) {
        Comparison comparison =
                runs.of(session, setting.of(given.texts(), folder), folder)
                        .scenes(given.lines())
                        .sheetRows(sheetRows);
        if (cache != null) {
            comparison = comparison.cache(cache);
        }
        if (keepPictures) {
            comparison = comparison.picturesTo(ComparisonFiles.pictures(out));
        }
        return without == null ? comparison : comparison.about("adapters", without);
    }

    /** Finds what is wrong with the arguments before a device is opened. */
    private static ComparisonRequest request(Comparison comparison, ModelFolder folder) {
        try {
            return ComparisonRequest.of(comparison, folder);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }

    private void makeFolders() {
        if (out != null) {
            makeFolder("--out", out);
            Optional<String> taken = ComparisonFiles.taken(out);
            if (taken.isPresent() && !overwrite) {
                throw new WrongUseException(
                        "--out "
                                + out
                                + ": holds "
                                + taken.get()
                                + " already; choose another folder or use --overwrite");
            }
        }
        if (cache != null) {
            makeFolder("--cache", cache);
        }
    }

    private static void makeFolder(String option, Path folder) {
        try {
            ComparisonFiles.folder(folder);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(option + " " + e.getMessage());
        }
    }

    private void noteUnscored(ComparisonRequest request, boolean hasScenes) {
        int width = request.setting().width();
        int height = request.setting().height();
        if (hasScenes && (width != Scene.SIDE || height != Scene.SIDE)) {
            session.note("scenes are scored at 64x64 pixels only, not at " + width + "x" + height);
        }
    }

    private void finish(ComparisonReport report) {
        Path written = null;
        if (out != null) {
            // A request to stop interrupts this thread, which would close the files.
            Thread.interrupted();
            written = report.save(out);
        }
        if (json) {
            session.out().print(report.json());
            return;
        }
        List<List<String>> rows = report.table();
        Table table = new Table(rows.get(0).toArray(String[]::new));
        rows.stream().skip(1).forEach(row -> table.row(row.toArray(String[]::new)));
        table.print(session.out());
        session.out().println(report.legend());
        if (written != null) {
            session.note("written: " + written + " and the files beside it");
        }
    }
}
