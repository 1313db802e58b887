package glance.cli.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.ModelTools;
import glance.api.Conversion;
import glance.api.Converted;
import glance.api.adapter.Output;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Progress;
import glance.cli.common.Published;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes models in other forms. */
@Command(
        name = "convert",
        sortOptions = false,
        customSynopsis = {
            "glance-engine convert SOURCE TARGET [OPTIONS]",
            "       glance-engine convert --random NAME TARGET [OPTIONS]"
        },
        header = "Writes a model in another form: safetensors or GGUF, quantised or not.",
        description = {
            "",
            "Goes tensor by tensor, with all cores, so the model may be larger than memory. Tells"
                    + " what rounding cost: for each tensor the norm of what was lost over its own,"
                    + " the worst first.",
            "",
            "Types of less than 16 bits are for the matrices of the model's blocks. The layers"
                    + " around them stay as they are (F32 where they were quantised); vectors and"
                    + " small tensors are F32 in GGUF and stay as they are elsewhere. Rows that fit no"
                    + " blocks of q4_k or q6_k become q5_0 or q8_0, and those that fit none f16.",
            "",
            "f8_e4m3 has one scale for each matrix, as ComfyUI reads it: LAYER.weight_scale and"
                    + " LAYER.comfy_quant beside LAYER.weight. A SOURCE that is quantised or scaled"
                    + " is expanded piece by piece.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine convert FLUX.1-dev flux-q4k.gguf --type q4_k",
            "  glance-engine convert flux1-dev-Q8_0.gguf transformer/ --type bf16",
            "  glance-engine convert MODEL fp8.safetensors --type f8_e4m3 --try \"a red house\"",
            "  glance-engine convert --random flux.1-dev flux-q4k.gguf --type q4_k"
        })
public final class ConvertCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            paramLabel = "SOURCE TARGET",
            arity = "1..2",
            description = {
                "SOURCE: a model folder, the folder of a part, a safetensors or GGUF file, or"
                        + " ORG/NAME of the hub.",
                "TARGET: a file that ends in .gguf or .safetensors, or a folder to make, with a"
                        + " config.json, as diffusers has it."
            })
    private List<String> paths;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description =
                    "f32, bf16, f16; of GGUF also q8_0, q5_0, q4_0, q4_k, q6_k; of the others"
                            + " f8_e4m3. Default: q8_0 in GGUF, else as in SOURCE, bf16 if that is"
                            + " quantised.")
    private String type;

    @Option(
            names = "--part",
            paramLabel = "NAME",
            defaultValue = "transformer",
            description =
                    "Which part of a model folder, or of a file that holds all parts. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String part;

    @Option(
            names = "--names",
            paramLabel = "WHOSE",
            description =
                    "original (of the model's publisher, as ComfyUI and GGUF files have them) or"
                            + " diffusers. Default: original in files, where the model has such"
                            + " names, and diffusers in folders.")
    private String names;

    @Option(
            names = "--random",
            paramLabel = "NAME",
            completionCandidates = Published.class,
            description =
                    "In place of SOURCE the transformer of a published model at full size, with"
                            + " random weights: ${COMPLETION-CANDIDATES}.")
    private String random;

    @Option(names = "--overwrite", description = "Replace the file TARGET if it exists.")
    private boolean overwrite;

    @Option(names = "--all", description = "Show every tensor that lost anything.")
    private boolean all;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    @Mixin private PictureTrial trial;

    public ConvertCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws JsonProcessingException {
        if (paths.size() != (random == null ? 2 : 1)) {
            throw new WrongUseException(
                    random == null
                            ? "give SOURCE and TARGET"
                            : "--random: takes the place of SOURCE; give TARGET alone");
        }
        Path target = Path.of(paths.get(paths.size() - 1));
        Path source = random == null ? Names.model(session, paths.get(0)) : null;
        Path model = source != null && ModelFolder.isModel(source) ? source : null;
        trial.check(model);
        Conversion request = new Conversion(source, random, part, names);
        Converted converted;
        try (Progress progress = new Progress(session, "converting", "tensor")) {
            converted =
                    new ModelTools(progress).convert(request, new Output(target, type, overwrite));
        }
        ConvertReport report = ConvertReport.of(target.toString(), converted);
        if (!json) {
            report.print(session, all);
        }
        PictureTrial.Distance pictures = null;
        try {
            pictures = trial.run(session, model, part, target);
        } finally {
            tell(report, pictures);
        }
        return ExitCode.OK;
    }

    /** What is left to tell after drawing, also if that failed. */
    private void tell(ConvertReport report, PictureTrial.Distance pictures)
            throws JsonProcessingException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(report.with(pictures)));
        } else if (pictures != null) {
            session.out().println(pictures.text());
        }
    }
}
