package glance.cli.info;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.PartOptions;
import glance.cli.common.Session;
import glance.hub.Look;
import glance.io.BuiltInModel;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what files hold. */
@Command(
        name = "info",
        sortOptions = false,
        header =
                "Shows what a model, a component, a file of weights, an adapter or a picture holds.",
        description = {
            "",
            "Reads configs and headers only, so it is quick for files of any size. Of a model or"
                    + " adapter of the Hugging Face hub that is not in the cache it shows size, licence"
                    + " and the files that pull would fetch, and fetches none.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "The run memory of a model is counted, not guessed: a run of one picture on the device is "
                    + "walked through without computing. The JVM itself comes on top."
        })
public final class InfoCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            paramLabel = "WHAT",
            arity = "0..1",
            description =
                    "A path, or ORG/NAME[@REVISION] or ORG/NAME/FILE of the hub; if left out,"
                            + " --transformer, else the built-in model.")
    private String what;

    @Mixin private PartOptions parts;
    @Mixin private DeviceOption deviceOption;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    @Option(names = "--all", description = "List all tensors; repeated layers are one line.")
    private boolean all;

    public InfoCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        Inspection inspection = inspect();
        if (json) {
            session.out().println(toJson(inspection));
        } else {
            new InfoText(session.out(), all).print(inspection);
        }
        return ExitCode.OK;
    }

    private Inspection inspect() throws IOException {
        Inspector inspector = new Inspector(deviceOption, parts);
        if (what == null && parts.transformer() != null) {
            return inspector.inspect(parts.transformer());
        }
        String name = what == null ? BuiltInModel.NAME : what;
        Optional<Look> look = Names.look(session, name);
        return look.isPresent()
                ? Inspection.OnHub.of(look.get())
                : inspector.inspect(Names.path(session, name));
    }

    private static String toJson(Inspection inspection) throws JsonProcessingException {
        return new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(inspection);
    }
}
