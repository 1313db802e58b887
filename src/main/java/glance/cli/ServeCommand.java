package glance.cli;

import glance.Glance;
import glance.Model;
import glance.api.DeviceInfo;
import glance.api.Request;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.ModelOption;
import glance.cli.common.Session;
import glance.cli.common.Units;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.serve.GlanceServer;
import glance.serve.ServeOptions;
import glance.serve.http.Gate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves a model over HTTP, with a page. */
@Command(
        name = "serve",
        sortOptions = false,
        header = "Serves a model: a web page, and an API that existing clients use.",
        description = {
            "",
            "The model is loaded once; requests wait in a queue and are drawn in their order, those"
                    + " of one shape together (--batch). The page is at the address that the command prints. Clients of OpenAI's image"
                    + " API take ADDRESS/v1 as their base address; those of AUTOMATIC1111's web UI,"
                    + " such as Open WebUI and SillyTavern, take ADDRESS itself.",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine serve",
            "  glance-engine serve --model black-forest-labs/FLUX.1-dev --lora-dir loras",
            "  glance-engine serve --host 0.0.0.0 --api-key \"$KEY\"",
            "  curl localhost:8188/v1/images/generations -d '{\"prompt\": \"a red circle\"}'",
            "",
            "Ctrl-C ends the picture that is drawn; a termination signal (SIGTERM) lets it and"
                    + " those that clients wait for be finished first. Jobs of /v1/jobs are kept in"
                    + " --out and go on when the server runs again."
        })
final class ServeCommand implements Callable<Integer> {
    private static final String KEY = "GLANCE_API_KEY";
    private static final int MAX_WAITING = 100_000;
    private static final int MAX_BATCH = 64;

    private final Session session;

    @Mixin private ModelOption model;

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port to listen on; 0 for any that is free. Default: 8188.")
    private int port = ServeOptions.PORT;

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description =
                    "Address to listen on. Default: 127.0.0.1, which only this machine reaches;"
                            + " any other needs --api-key or --open.")
    private String host = ServeOptions.LOOPBACK;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description =
                    "Another name that clients may call the server by, such as that of a proxy."
                            + " Repeatable.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description =
                    "Answer only who has this key, as 'Authorization: Bearer KEY' or as the"
                            + " password of basic authentication. Default: the environment variable "
                            + KEY
                            + ", which other users of the machine cannot see.")
    private String apiKey;

    @Option(names = "--open", description = "Answer everybody who reaches --host, without a key.")
    private boolean open;

    @Option(
            names = "--lora-dir",
            paramLabel = "FOLDER",
            description =
                    "Adapters that requests may use, by their names in this folder and those in it."
                            + " Default: none.")
    private Path loraDir;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FOLDER",
            description =
                    "Where pictures and jobs are kept, with the pictures that requests bring."
                            + " Default: glance-pictures.")
    private Path out = Path.of("glance-pictures");

    @Option(
            names = "--queue",
            paramLabel = "N",
            description =
                    "Requests that may wait; others are told to come back later (429)."
                            + " Default: 64.")
    private int queue = ServeOptions.WAITING;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Pictures of several requests that share every forward pass, at most, and fewer"
                            + " where memory is short: of those that wait, if size, steps and"
                            + " guidance are the same; prompts, seeds and adapters may differ. A"
                            + " picture is then the same but for rounding. 1 draws each request"
                            + " alone. Default: "
                            + ServeOptions.GPU_BATCH
                            + " on a GPU; 1 on the CPU, which is hardly faster with more.")
    private Integer batch;

    @Option(
            names = "--max-size",
            paramLabel = "WxH",
            description =
                    "Largest picture; what counts is the number of its pixels. Default: "
                            + ServeOptions.LARGEST
                            + ".")
    private String maxSize = ServeOptions.LARGEST;

    @Mixin private DeviceOption deviceOption;

    ServeCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        ServeOptions options = options();
        ModelFolder folder = model.open(session);
        try (Glance glance = Glance.open(deviceOption.name(), deviceOption.options());
                Model loaded = glance.load(folder.named(), folder.parts(), model.name(), null);
                GlanceServer server = new GlanceServer(glance, loaded, options)) {
            DeviceInfo device = glance.device();
            session.note(
                    model.name()
                            + " on "
                            + device.id()
                            + " ("
                            + device.description()
                            + "); pictures go to "
                            + options.folder());
            int waiting = server.jobs().waiting();
            if (waiting > 0) {
                session.note("going on with " + Units.plural(waiting, "job") + " of the last run");
            }
            session.out().println(server.address());
            session.out().flush();
            return serve(server);
        }
    }

    private ServeOptions options() {
        String key = apiKey == null ? System.getenv(KEY) : apiKey;
        if (key != null && key.isBlank()) {
            throw new WrongUseException("--api-key: is empty");
        }
        if (!Gate.isLoopback(host) && key == null && !open) {
            throw new WrongUseException(
                    "--host "
                            + host
                            + ": others can reach it; give --api-key KEY, or --open to let"
                            + " everybody in");
        }
        if (port < 0 || port > 65_535) {
            throw new WrongUseException("--port " + port + ": must be 0 to 65535");
        }
        if (queue < 1 || queue > MAX_WAITING) {
            throw new WrongUseException("--queue " + queue + ": must be 1 to " + MAX_WAITING);
        }
        if (batch != null && (batch < 1 || batch > MAX_BATCH)) {
            throw new WrongUseException("--batch " + batch + ": must be 1 to " + MAX_BATCH);
        }
        if (loraDir != null && !Files.isDirectory(loraDir)) {
            throw new WrongUseException("--lora-dir " + loraDir + ": no such folder");
        }
        return new ServeOptions(
                host,
                port,
                names,
                key,
                loraDir,
                out,
                queue,
                batch == null ? 0 : batch,
                Request.Size.parse(maxSize));
    }

    /** Waits for a signal. The first SIGTERM is polite; a second one ends the process. */
    private int serve(GlanceServer server) {
        CountDownLatch term = new CountDownLatch(1);
        Signals.once("TERM", term::countDown);
        try {
            term.await();
            session.note("finishing what clients wait for");
            server.drain();
            return ExitCode.OK;
        } catch (InterruptedException e) {
            session.note("interrupted");
            return ExitCode.INTERRUPTED;
        }
    }
}
