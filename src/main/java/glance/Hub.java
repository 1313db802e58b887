package glance;

import glance.api.Lora;
import glance.api.RequestException;
import glance.api.adapter.Watch;
import glance.hub.HubFiles;
import glance.hub.HubName;
import glance.hub.HubSettings;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.pipeline.Families;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where models and adapters are, by what people call them: a path, or a name on the Hugging Face
 * hub, {@code ORG/NAME}.
 *
 * <pre>{@code
 * Path model = new Hub().model("Qwen/Qwen-Image");
 * Lora adapter = new Hub().lora("ORG/NAME:0.8@slow");
 * }</pre>
 *
 * A file or folder of this machine goes before a name of the hub. What the hub's cache has is used
 * without a network; what it lacks is fetched into it, so that the hub's own tools find it too. The
 * environment says where hub and cache are, as for these tools: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE,
 * HF_TOKEN, HF_HUB_OFFLINE. This is the one place of the engine that uses a network.
 *
 * <p>Methods throw {@link glance.api.FormatException} if there is no such thing, or not of a kind
 * that the engine uses, an {@link java.io.UncheckedIOException} with one line if it cannot be had,
 * and {@link glance.api.CancelledException} if the watcher, or an interrupt, ends the work; what
 * came by then is kept, and the next call goes on from there.
 */
public final class Hub {
    private static final String BUILT_IN = BuiltInModel.NAME + "/";
    private static final Pattern ADAPTER = Pattern.compile("(?<name>[^:@]+)(?<options>[:@].*)?");

    private final HubSettings settings;
    private final Watch watch;

    /**
     * A hub that nobody watches.
     *
     * @throws RequestException if HF_ENDPOINT is no address
     */
    public Hub() {
        this(Watch.NONE);
    }

    /**
     * A hub with somebody who hears of what is fetched, in megabytes, and may end it.
     *
     * @throws RequestException if HF_ENDPOINT is no address
     */
    public Hub(Watch watch) {
        this(HubSettings.ofProcess(), watch);
    }

    private Hub(HubSettings settings, Watch watch) {
        this.settings = settings;
        this.watch = watch;
    }

    /** The same without a network: the cache alone answers. */
    public Hub offline() {
        return new Hub(settings.withoutNetwork(), watch);
    }

    /**
     * The folder of a model.
     *
     * @param name a path, {@code ORG/NAME}, {@code ORG/NAME@REVISION}, or {@code glance-tiny} for
     *     the built-in model; a folder {@code models--ORG--NAME} of the hub's cache means its main
     *     snapshot
     */
    public Path model(String name) {
        return name.equals(BuiltInModel.NAME)
                ? BuiltInModel.path()
                : HubName.of(name)
                        .filter(known -> known.file() == null)
                        .map(files()::model)
                        .orElseGet(() -> HubFiles.snapshot(path(name)));
    }

    /**
     * The file of an adapter, or a folder that stands for one or several.
     *
     * @param name a path, {@code ORG/NAME}, or {@code ORG/NAME/FILE}; of the built-in model {@code
     *     glance-tiny/FILE}
     */
    public Path adapter(String name) {
        if (name.startsWith(BUILT_IN) && !Files.exists(path(name))) {
            return Path.of(inBuiltIn(name));
        }
        return HubName.of(name).map(files()::adapter).orElseGet(() -> path(name));
    }

    /**
     * An adapter as {@link Lora#parse} reads it, with what {@link #adapter} takes in place of the
     * file.
     *
     * @throws RequestException if there is no such file, or what follows it is malformed
     */
    public Lora lora(String text) {
        if (text.startsWith(BUILT_IN)) {
            String inside = inBuiltIn(text);
            try {
                return Lora.parse(inside);
            } catch (RequestException e) {
                // The user may have a folder of that name.
                return Lora.parse(text);
            }
        }
        Matcher matcher = ADAPTER.matcher(text);
        if (Lora.existing(text).isEmpty() && matcher.matches()) {
            Optional<HubName> name = HubName.of(matcher.group("name"));
            if (name.isPresent()) {
                String options = matcher.group("options");
                return Lora.parse(files().adapter(name.get()) + (options == null ? "" : options));
            }
        }
        return Lora.parse(text);
    }

    /**
     * Asks the hub for the newest of a model or adapter, and fetches what is missing of it.
     *
     * @param name as {@link #model} and {@link #adapter} take it, of the hub
     * @return the folder of the model, or the file of the adapter
     * @throws RequestException if it is no name of the hub
     */
    public Path pull(String name) {
        return files().pull(
                        HubName.of(name)
                                .orElseThrow(
                                        () ->
                                                new RequestException(
                                                        "'"
                                                                + PrintableText.quoted(name)
                                                                + "' is no name of the hub, or a"
                                                                + " folder here has it; expected "
                                                                + HubName.SYNTAX)));
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new RequestException(
                    "'" + PrintableText.quoted(text) + "': is no path; give a file or folder", e);
        }
    }

    /** The path of what is called {@code glance-tiny/...}, with what follows it. */
    private static String inBuiltIn(String text) {
        Path model = BuiltInModel.path();
        Path file = model.resolve(text.substring(BUILT_IN.length())).normalize();
        if (!file.startsWith(model.normalize())) {
            throw new RequestException(
                    "adapter '"
                            + PrintableText.quoted(text)
                            + "': leads out of the built-in model; give the path of the file");
        }
        return file.toString();
    }

    private HubFiles files() {
        return new HubFiles(settings, watch, folder -> Families.of(ModelFolder.open(folder)));
    }
}
