package glance.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.ForecastText;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.Units;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.MemoryForecast;
import glance.pipeline.Pipeline;
import glance.pipeline.RandomExperts;
import glance.pipeline.Settings;
import glance.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Times a run. */
@Command(
        name = "denoise",
        sortOptions = false,
        header = "Times a run of one picture: steps, expert switch, memory.",
        description = {
            "",
            "Two adapters with random weights on all attention projections take turns, one in each"
                    + " phase of the plan. With random weights of the model too, the picture is"
                    + " noise; the work is the same.",
            "",
            "What is gained over another run is the product of two things, which are shown apart:"
                    + " fewer steps, and faster steps. On a GPU the steps of a phase replay one CUDA"
                    + " graph; to see what that gains, keep the JSON of java"
                    + " -Dglance.cuda.graphs=false -jar glance-engine.jar bench denoise ... and give"
                    + " it as the baseline.",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine bench denoise --family qwen-image --against full",
            "  glance-engine bench denoise --family flux.1-dev --json > before.json",
            "  glance-engine bench denoise --family flux.1-dev --baseline before.json"
        })
final class BenchDenoiseCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private LayoutOption layout;
    @Mixin private DeviceOption deviceOption;

    @Mixin private BenchRequest request;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            defaultValue = "glance",
            description = "As for generate. Default: ${DEFAULT-VALUE}.")
    private String plan;

    @Option(
            names = "--rank",
            paramLabel = "R",
            defaultValue = "32",
            description = "Rank of the adapters; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int rank;

    @Option(
            names = "--against",
            paramLabel = "PLAN",
            description =
                    "Also run this plan without adapters, such as full, and say what fewer steps"
                            + " gain.")
    private String against;

    @Option(
            names = "--baseline",
            paramLabel = "FILE",
            description =
                    "JSON of an earlier run, on another device or with other options, and say what"
                            + " faster steps gain.")
    private Path baseline;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    BenchDenoiseCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        request.require();
        if (rank < 0 || rank > TrainingSettings.MAX_RANK) {
            throw new WrongUseException(
                    "--rank " + rank + ": must be 0 to " + TrainingSettings.MAX_RANK);
        }
        DenoiseBaseline earlier = baseline == null ? null : DenoiseBaseline.read(baseline);
        ModelFolder folder = layout.folder(session);
        Settings plain = request.of(folder, plan);
        Settings other = against == null ? null : request.of(folder, against);
        try (Device device = Devices.open(deviceOption.name(), deviceOption.options());
                RandomExperts experts = new RandomExperts(folder, rank);
                Ops ops = new Ops(device)) {
            DenoiseResult result = run(ops, folder, experts.addedTo(plain), rank);
            List<DenoiseResult.Gain> gains = new ArrayList<>();
            if (other != null) {
                session.note(against + ", without adapters:");
                DenoiseResult theirs = run(ops, folder, other, 0);
                gains.add(
                        DenoiseResult.Gain.of(
                                result, DenoiseBaseline.of(against + " without adapters", theirs)));
            }
            if (earlier != null) {
                gains.add(DenoiseResult.Gain.of(result, earlier));
            }
            print(result.with(gains));
        }
        return ExitCode.OK;
    }

    private DenoiseResult run(Ops ops, ModelFolder folder, Settings request, int ofRank) {
        Device device = ops.device();
        DenoiseStopwatch stopwatch = new DenoiseStopwatch(session, device);
        long start = System.nanoTime();
        try (Pipeline pipeline = new Pipeline(ops, folder, Residency.STREAM)) {
            pipeline.run(request, stopwatch);
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        List<MemoryForecast.Part> memory = stopwatch.memory();
        return new DenoiseResult(
                layout.name(),
                device.info().id() + ", " + device.info().description(),
                request.size(),
                request.plan().name(),
                ofRank,
                stopwatch.medianStep(),
                stopwatch.steps(),
                stopwatch.switches(),
                stopwatch.steps().stream().mapToDouble(s -> s).sum(),
                stopwatch.medianStep() * stopwatch.steps().size(),
                seconds,
                memory.stream().mapToLong(MemoryForecast.Part::bytes).max().orElse(0),
                memory,
                List.of());
    }

    private void print(DenoiseResult result) throws IOException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(result));
            return;
        }
        int steps = result.stepSeconds().size();
        Table table =
                new Table("model", result.model())
                        .row("device", result.device())
                        .row("plan", result.plan() + ", adapters of rank " + rank)
                        .row("step", Units.seconds(result.medianStepSeconds()) + " (median)")
                        .row(
                                Units.plural(steps, "step"),
                                Units.seconds(result.pictureSeconds())
                                        + " ("
                                        + Units.seconds(result.denoisingSeconds())
                                        + " with the first)")
                        .row("expert switch", switchTime(result))
                        .row("peak memory", Units.bytes(result.peakBytes()))
                        .row("whole run", Units.seconds(result.totalSeconds()));
        for (DenoiseResult.Gain gain : result.gains()) {
            table.row(
                    "gain",
                    String.format(
                            Locale.ROOT,
                            "%.2f over %s: %.2f by fewer steps, %.2f by faster steps",
                            gain.total(),
                            gain.over(),
                            gain.fewerSteps(),
                            gain.fasterSteps()));
        }
        table.print(session.out());
        session.out().println();
        ForecastText.print(result.size(), result.memory(), session.out());
    }

    private static String switchTime(DenoiseResult result) {
        return result.switchSeconds().isEmpty()
                ? "none"
                : Math.round(1e6 * result.switchSeconds().get(0)) + " us";
    }
}
