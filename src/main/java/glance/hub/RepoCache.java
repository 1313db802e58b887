package glance.hub;

import glance.api.FormatException;
import glance.io.FileInput;
import glance.io.SafeWrite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One repository in the cache of the hub. */
final class RepoCache {
    static final String SNAPSHOTS = "snapshots";
    static final String REFS = "refs";
    private static final String MAIN = "main";
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    private final Path root;
    private final String folder;
    private final Links links;

    /** Makes links; where the system has none, it says so by an exception. */
    @FunctionalInterface
    interface Links {
        void create(Path link, Path target) throws IOException;
    }

    RepoCache(Path root, HubName name) {
        this(root, name, Files::createSymbolicLink);
    }

    RepoCache(Path root, HubName name, Links links) {
        this.root = root;
        this.folder = name.folder();
        this.links = links;
    }

    /** Whether a text is the hash of a commit. */
    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /**
     * The snapshot that a folder {@code models--ORG--NAME} stands for: the one of {@code
     * refs/main}, or the only one; any other path itself.
     *
     * @throws FormatException if there is no such snapshot, or several without a main one
     */
    static Path snapshot(Path path) {
        Path snapshots = path.resolve(SNAPSHOTS);
        if (!Files.isDirectory(snapshots)) {
            return path;
        }
        List<String> names = names(snapshots);
        String commit = names.size() == 1 ? names.get(0) : "";
        Path main = path.resolve(REFS).resolve(MAIN);
        if (Files.isRegularFile(main)) {
            commit = FileInput.text(main).strip();
        }
        if (!names.contains(commit)) {
            throw new FormatException(
                    path,
                    null,
                    "is a folder of the hub's cache without the snapshot of refs/main",
                    names.isEmpty()
                            ? "fetch the model again"
                            : "give one of " + SNAPSHOTS + ": " + names);
        }
        return snapshots.resolve(commit);
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed (" + e + ")", e);
        }
    }

    Path path() {
        return root.resolve(folder);
    }

    /** The folder of a commit; it need not exist. */
    Path commit(String commit) {
        return path().resolve(SNAPSHOTS).resolve(commit);
    }

    /** The snapshot of a branch, a tag or a commit, if there is one. */
    Optional<Path> snapshotOf(String revision) {
        Path ref = path().resolve(REFS).resolve(revision);
        String commit = Files.isRegularFile(ref) ? FileInput.text(ref).strip() : revision;
        return Optional.of(commit)
                .filter(RepoCache::isCommit)
                .map(this::commit)
                .filter(Files::isDirectory);
    }

    /** Names of the files of a snapshot, with slashes; links that lead nowhere are none. */
    static List<String> files(Path snapshot) {
        try (Stream<Path> tree = Files.walk(snapshot, FileVisitOption.FOLLOW_LINKS)) {
            return tree.filter(Files::isRegularFile)
                    .map(file -> snapshot.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new FormatException(
                    snapshot, null, "cannot be read (" + e + ")", "check permissions and disk");
        }
    }

    Path blob(String etag) {
        return path().resolve("blobs").resolve(etag);
    }

    Path incomplete(String etag) {
        return path().resolve("blobs").resolve(etag + ".incomplete");
    }

    Path lock(String etag) {
        return root.resolve(".locks").resolve(folder).resolve(etag + ".lock");
    }

    /** Whether a snapshot has a file, of the size that it must have. */
    boolean has(String commit, RepoFile file) throws IOException {
        return isWhole(commit(commit).resolve(file.path()), file);
    }

    /** Whether the content of a file is there. */
    boolean hasBlob(RepoFile file) throws IOException {
        return isWhole(blob(file.etag()), file);
    }

    private static boolean isWhole(Path path, RepoFile file) throws IOException {
        return Files.isRegularFile(path) && Files.size(path) == file.size();
    }

    /**
     * Puts a file whose content is there into a snapshot: a relative link. Where the system has no
     * links the content goes there itself.
     *
     * @param last whether no other file of the snapshot needs the content
     */
    void link(String commit, RepoFile file, boolean last) throws IOException {
        Path place = commit(commit).resolve(file.path());
        Path blob = blob(file.etag());
        Files.createDirectories(place.getParent());
        Files.deleteIfExists(place);
        try {
            links.create(place, place.getParent().relativize(blob));
        } catch (FileAlreadyExistsException e) {
            // Another process made the same.
        } catch (UnsupportedOperationException | FileSystemException e) {
            if (last) {
                Files.move(blob, place, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.copy(blob, place, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Notes which commit a branch or tag is at. */
    void ref(String revision, String commit) throws IOException {
        if (!revision.equals(commit)) {
            Path ref = path().resolve(REFS).resolve(revision);
            Files.createDirectories(ref.getParent());
            SafeWrite.write(ref, commit);
        }
    }
}
