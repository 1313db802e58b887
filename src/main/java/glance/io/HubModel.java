package glance.io;

import glance.api.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Models of the Hugging Face hub: how to fetch one by its name, and where its cache has one. */
final class HubModel {
    private static final Pattern ID = Pattern.compile("\\w[\\w.-]*/\\w[\\w.-]*");
    private static final String SNAPSHOTS = "snapshots";
    private static final String LICENCE =
            ", after you accepted its licence on huggingface.co and ran hf auth login";

    /** The second copy that a repository has for other programs; the last pattern saves most. */
    private static final Known FLUX = new Known("34 GB", List.of("flux1-*"), LICENCE);

    private static final Known SD35_LARGE =
            new Known("28 GB", List.of("sd3.5_*", "text_encoders/*"), LICENCE);

    private static final Map<String, Known> KNOWN =
            Map.of(
                    "Qwen/Qwen-Image", new Known("58 GB", List.of(), ""),
                    "Qwen/Qwen-Image-2512", new Known("58 GB", List.of(), ""),
                    "black-forest-labs/FLUX.1-dev", FLUX,
                    "black-forest-labs/FLUX.1-Krea-dev", FLUX,
                    "black-forest-labs/FLUX.1-schnell", FLUX,
                    "stabilityai/stable-diffusion-3.5-large", SD35_LARGE,
                    "stabilityai/stable-diffusion-3.5-large-turbo", SD35_LARGE,
                    "stabilityai/stable-diffusion-3.5-medium",
                            new Known("16 GB", List.of("sd3.5_*", "text_encoders/*"), LICENCE));

    /**
     * @param size of what is fetched
     * @param without patterns of files that are not needed
     * @param condition what must be done before
     */
    private record Known(String size, List<String> without, String condition) {}

    private HubModel() {}

    /** Whether a path that leads nowhere reads as the name of a model of the hub. */
    static boolean isId(Path path) {
        Path parent = path.getParent();
        return ID.matcher(path.toString()).matches() && parent != null && !Files.exists(parent);
    }

    /** What to run to have the model of a name. */
    static String howToFetch(String id) {
        String folder = id.substring(id.indexOf('/') + 1);
        Known known = KNOWN.get(id);
        StringBuilder text = new StringBuilder("fetch it from the Hugging Face hub");
        if (known != null) {
            text.append(" (about ").append(known.size()).append(')').append(known.condition());
        }
        text.append(": hf download ").append(id).append(" --local-dir ").append(folder);
        if (known != null) {
            known.without().forEach(p -> text.append(" --exclude \"").append(p).append('"'));
        }
        return text.append(", then give --model ").append(folder).toString();
    }

    /**
     * The snapshot that a folder {@code models--ORG--NAME} of the hub's cache stands for: the one
     * of {@code refs/main}, or the only one; any other folder itself.
     *
     * @throws FormatException if there is no such snapshot, or several without a main one
     */
    static Path snapshot(Path folder) {
        Path snapshots = folder.resolve(SNAPSHOTS);
        if (!Files.isDirectory(snapshots)) {
            return folder;
        }
        List<String> names = FileInput.names(snapshots);
        Path main = folder.resolve("refs").resolve("main");
        String commit = names.size() == 1 ? names.get(0) : "";
        if (Files.isRegularFile(main)) {
            commit = FileInput.text(main).strip();
        }
        if (!names.contains(commit)) {
            throw new FormatException(
                    folder,
                    null,
                    "is a folder of the hub's cache without the snapshot of refs/main",
                    names.isEmpty()
                            ? "fetch the model again"
                            : "give one of " + SNAPSHOTS + ": " + names);
        }
        return snapshots.resolve(commit);
    }
}
