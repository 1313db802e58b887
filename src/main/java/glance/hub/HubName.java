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

    /** A file in a snapshot, with the separators of any system. */
    private static final Pattern CACHED =
            Pattern.compile(
                    "(?<folder>.*[/\\\\]models--(?<org>[^/\\\\]+?)--(?<name>[^/\\\\]+))[/\\\\]"
                            + "snapshots[/\\\\](?<commit>[^/\\\\]+)[/\\\\](?<file>.+)");

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
        Matcher matcher = CACHED.matcher(path.toAbsolutePath().normalize().toString());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Path main = Path.of(matcher.group("folder"), RepoCache.REFS, MAIN);
        return Files.isRegularFile(main)
                        && FileInput.text(main).strip().equals(matcher.group("commit"))
                ? Optional.of(
                        new HubName(
                                matcher.group("org") + "/" + matcher.group("name"),
                                MAIN,
                                matcher.group("file").replace('\\', '/')))
                : Optional.empty();
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
