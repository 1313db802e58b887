package glance.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.backend.DryDevice;
import glance.cli.common.ExitCode;
import glance.cli.common.ForecastText;
import glance.cli.common.Session;
import glance.io.ModelFolder;
import glance.pipeline.MemoryForecast;
import glance.tensor.DType;
import java.io.IOException;
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
            ""
        },
        optionListHeading = "Options:%n",
        footer = {"", "Example: glance-engine bench memory --family qwen-image --size 1024x1024"})
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

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    BenchMemoryCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        request.require();
        ModelFolder folder = layout.folder(session);
        MemoryForecast forecast;
        try (DryDevice device = DryDevice.ideal(dtype)) {
            forecast = MemoryForecast.of(device, folder, request.of(folder, "uniform-2"));
        }
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(forecast));
        } else {
            ForecastText.print(forecast, session.out());
        }
        return ExitCode.OK;
    }
}
