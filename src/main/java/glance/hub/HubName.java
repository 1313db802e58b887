package glance.hub;

import glance.io.FileInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a repository of the hub, or a file in it, is called: {@code ORG/NAME}, {@code
 * ORG/NAME@REVISION} or {@code ORG/NAME/FILE}.
 *
 * @param repo {@code ORG/NAME}
 * @param revision branch, tag or commit
 * @param file null for the repository
 */
public record HubName(String repo, String revision, String file) {
    /** How names are written, for help and messages. */
    public static final String SYNTAX = "ORG/NAME";

    private static final String MAIN = "main";
    private static final String FOLDER = "models--";
    private static final String PART = "[A-Za-z0-9](?:[\\w]|[.-](?![.-]))*";
    private static final Pattern NAME =
            Pattern.compile(
                    "(?<repo>(?<org>"
                            + PART
                            + ")/"
                            + PART
                            + ")(?:@(?<revision>[\\w./-]+)|/(?<file>[^:@]+))?");

    /**
     * Reads a name. A file or folder of this machine is none, nor what seems to be meant as one:
     * below a folder that exists, or named like a file of weights.
     */
    public static Optional<HubName> of(String text) {
        Matcher matcher = NAME.matcher(text);
        if (!matcher.matches()
                || matcher.group("repo").endsWith(".safetensors")
                || Files.exists(Path.of(matcher.group("org")))) {
            return Optional.empty();
        }
        String revision = matcher.group("revision");
        String file = matcher.group("file");
        return RepoFile.isSafe(revision == null ? MAIN : revision)
                        && RepoFile.isSafe(file == null ? MAIN : file)
                ? Optional.of(
                        new HubName(
                                matcher.group("repo"), revision == null ? MAIN : revision, file))
                : Optional.empty();
    }

    /**
     * The name of a file in the cache of the hub, on whatever machine it lies; empty for any other
     * file, and for one that is not of the main snapshot.
     */
    public static Optional<HubName> ofCached(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        for (int i = 0; i + 3 < absolute.getNameCount(); i++) {
            String folder = absolute.getName(i).toString();
            String[] parts = folder.split("--");
            if (folder.startsWith(FOLDER)
                    && parts.length == 3
                    && absolute.getName(i + 1).toString().equals(RepoCache.SNAPSHOTS)) {
                Path ref = absolute.getRoot().resolve(absolute.subpath(0, i + 1));
                ref = ref.resolve(RepoCache.REFS).resolve(MAIN);
                String commit = absolute.getName(i + 2).toString();
                if (Files.isRegularFile(ref) && FileInput.text(ref).strip().equals(commit)) {
                    Path file = absolute.subpath(i + 3, absolute.getNameCount());
                    return Optional.of(
                            new HubName(
                                    parts[1] + "/" + parts[2],
                                    MAIN,
                                    file.toString().replace('\\', '/')));
                }
            }
        }
        return Optional.empty();
    }

    /** The folder of the repository in the cache. */
    String folder() {
        return FOLDER + repo.replace("/", "--");
    }

    /** The text that {@link #of} reads. */
    @Override
    public String toString() {
        return repo
                + (revision.equals(MAIN) ? "" : "@" + revision)
                + (file == null ? "" : "/" + file);
    }
}
