package glance.cli.lora;

import glance.api.adapter.Output;
import glance.tensor.DType;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options for a result that the user names. */
final class NewFile {
    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "Where the result goes.")
    private Path out;

    @Option(names = "--overwrite", description = "Replace FILE if it exists.")
    private boolean overwrite;

    /**
     * What was chosen.
     *
     * @param dtype null for that of the source
     */
    Output output(DType dtype) {
        return new Output(out, dtype == null ? null : dtype.name(), overwrite);
    }
}
