package glance.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.Request.Size;
import glance.api.Training;
import glance.backend.DryDevice;
import glance.cli.common.ExitCode;
import glance.cli.common.ForecastText;
import glance.cli.common.MemorySize;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.pipeline.MemoryForecast;
import glance.pipeline.Settings;
import glance.tensor.DType;
import glance.train.TrainingForecast;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Counts the memory of a run. */
@Command(
        name = "memory",
        sortOptions = false,
        header = "Counts the memory of a run, part by part, without computing it.",
        description = {
            "",
            "Walks through a run of one picture with two steps and adds up its tensors. What a"
                    + " device's kernels need for themselves is not in it. Weights are not read.",
            "",
            "With --memory, weights that have no room stream from host memory; the table then has"
                    + " what stays pinned there. --train counts a step of training with what the"
                    + " family wants: rank, modules, one picture, blocks computed again.",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine bench memory --family qwen-image --size 1024x1024",
            "  glance-engine bench memory --family flux.1-dev --memory 12GB",
            "  glance-engine bench memory --family qwen-image --type q8_0 --train --memory 24GB"
        })
final class BenchMemoryCommand implements Callable<Integer> {
    private final Session session;

    @Mixin private LayoutOption layout;

    @Mixin private BenchRequest request;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "BF16",
            description = "Type of activations: F32 or BF16. Default: ${DEFAULT-VALUE}.")
    private DType dtype;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Memory of the device, such as 12GB. Default: as much as is wanted.")
    private String memory;

    @Option(
            names = "--train",
            description = "Count training in place of drawing; not with --batch or --references.")
    private boolean train;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    BenchMemoryCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        request.require();
        if (train && !request.isOne()) {
            throw new WrongUseException(
                    "--train counts one picture; leave out --batch and --references");
        }
        ModelFolder folder = layout.folder(session);
        Settings settings = request.of(folder, "uniform-2");
        long memoryBytes = memory == null ? 0 : MemorySize.parse("--memory", memory);
        try (DryDevice device = DryDevice.ideal(dtype)) {
            if (train) {
                Training wanted = Training.of(Path.of("picture"), "caption");
                Size size = new Size(settings.width(), settings.height());
                TrainingForecast forecast =
                        TrainingForecast.of(device, folder, wanted, size, memoryBytes);
                print(forecast, forecast.width() + "x" + forecast.height(), forecast.parts());
            } else {
                MemoryForecast forecast = MemoryForecast.of(device, folder, settings, memoryBytes);
                print(forecast, forecast.width() + "x" + forecast.height(), forecast.parts());
            }
        }
        return ExitCode.OK;
    }

    private void print(Object forecast, String size, List<MemoryForecast.Part> parts)
            throws IOException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(forecast));
        } else {
            ForecastText.print(size, parts, session.out());
        }
    }
}
