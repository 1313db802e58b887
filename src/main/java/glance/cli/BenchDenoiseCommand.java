package glance.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.backend.Device;
import glance.backend.Devices;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.ImageRequest;
import glance.pipeline.MemoryForecast;
import glance.pipeline.RandomExperts;
import glance.pipeline.RunListener;
import glance.pipeline.TextToImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
            "Two adapters with random weights on all attention projections take turns, one in each",
            "phase of the plan. With random weights of the model too, the picture is noise; the work",
            "is the same.",
            "",
            "On a GPU the steps of a phase replay one CUDA graph. To see what that gains:",
            "java -Dglance.cuda.graphs=false -jar glance-engine.jar bench denoise ...",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {"", "Example: glance-engine bench denoise --family qwen-image --size 1024x1024"})
final class BenchDenoiseCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private LayoutOption layout;
    @Mixin private DeviceOption deviceOption;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width and height in pixels. Default: the model's own.")
    private String size;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Pictures side by side. Default: ${DEFAULT-VALUE}.")
    private int batch;

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

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    BenchDenoiseCommand(Session session) {
        this.session = session;
    }

    /**
     * What was measured.
     *
     * @param stepSeconds of every step
     * @param switchSeconds of every change of adapters
     * @param memory of each part
     */
    record Result(
            String model,
            String device,
            String size,
            String plan,
            int rank,
            double medianStepSeconds,
            List<Double> stepSeconds,
            List<Double> switchSeconds,
            double denoisingSeconds,
            double totalSeconds,
            List<MemoryForecast.Part> memory) {}

    @Override
    public Integer call() throws IOException {
        if (batch < 1 || rank < 0) {
            throw new WrongUseException("--batch must be 1 or more, --rank 0 or more");
        }
        ModelFolder folder = layout.folder();
        ImageRequest plain = BenchRequest.of(folder, size, batch, plan);
        try (Device device = Devices.open(deviceOption.name(), deviceOption.options());
                RandomExperts experts = new RandomExperts(folder, rank);
                Ops ops = new Ops(device)) {
            Stopwatch stopwatch = new Stopwatch(session, device);
            long start = System.nanoTime();
            new TextToImage(ops, folder).run(experts.addedTo(plain), stopwatch);
            Result result =
                    new Result(
                            layout.name(),
                            device.info().id() + ", " + device.info().description(),
                            plain.width() + "x" + plain.height(),
                            plain.plan().name(),
                            rank,
                            stopwatch.medianStep(),
                            stopwatch.steps,
                            stopwatch.switches,
                            stopwatch.steps.stream().mapToDouble(s -> s).sum(),
                            (System.nanoTime() - start) * 1e-9,
                            stopwatch.meter.parts());
            print(result);
        }
        return ExitCode.OK;
    }

    private void print(Result result) throws IOException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(result));
            return;
        }
        new Table("model", result.model())
                .row("device", result.device())
                .row("plan", result.plan() + ", adapters of rank " + rank)
                .row("step", Units.seconds(result.medianStepSeconds()) + " (median)")
                .row("all steps", Units.seconds(result.denoisingSeconds()))
                .row(
                        "expert switch",
                        result.switchSeconds().isEmpty()
                                ? "none"
                                : Math.round(1e6 * result.switchSeconds().get(0)) + " us")
                .row("whole run", Units.seconds(result.totalSeconds()))
                .print(session.out());
        session.out().println();
        ForecastText.print(result.size(), result.memory(), session.out());
    }

    /** Notes times and memory. */
    private static final class Stopwatch implements RunListener {
        private final Session session;
        private final MemoryForecast.Meter meter;
        private final List<Double> steps = new ArrayList<>();
        private final List<Double> switches = new ArrayList<>();

        Stopwatch(Session session, Device device) {
            this.session = session;
            this.meter = new MemoryForecast.Meter(device);
        }

        double medianStep() {
            return steps.stream().sorted().skip(steps.size() / 2).findFirst().orElse(Double.NaN);
        }

        @Override
        public void stage(String name) {
            meter.stage(name);
            session.note(name + " ...");
        }

        @Override
        public void step(int step, int count, String phase, double seconds) {
            steps.add(seconds);
            session.note("step " + step + " of " + count + ": " + Units.seconds(seconds));
        }

        @Override
        public void adapterSwitch(double seconds) {
            switches.add(seconds);
        }

        @Override
        public void warning(String message) {
            session.note("warning: " + message);
        }

        @Override
        public boolean isCancelled() {
            return session.stop().isRequested();
        }
    }
}
