package glance.cli.common;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The pictures that a model looks at. */
public final class ReferenceOption {
    @Option(
            names = {"--reference", "--ref-image"},
            paramLabel = "FILE",
            description =
                    "A picture to look at, for models that edit: the prompt says what becomes of it."
                            + " May be given several times where the model takes several. Without"
                            + " --size what is drawn has the proportions of the first; with"
                            + " Qwen-Image-Edit, of the last.")
    private List<Path> references = new ArrayList<>();

    /** The files, in the order given. */
    public List<Path> files() {
        return references;
    }
}
