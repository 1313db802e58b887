package glance.hub;

import glance.api.adapter.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** What the hub has under a name, and the way of it into the cache. */
final class Fetch implements AutoCloseable {
    private static final double GIGA = 1e9;
    private static final double MEGA = 1e6;

    private final HubName name;
    private final Watch watch;
    private final RepoCache cache;
    private final Transfer transfer;
    private final Repo repo;
    private final Selection selection;
    private final Pull pull;
    private final List<RepoFile> files;

    /**
     * Asks the hub.
     *
     * @throws HubException if it says no, or cannot be reached
     * @throws glance.api.FormatException if it does not have what is wanted
     */
    Fetch(HubSettings settings, HubName name, Selection.Want want, Watch watch)
            throws IOException, InterruptedException {
        this.name = name;
        this.watch = watch;
        this.cache = new RepoCache(settings.cache(), name);
        this.transfer = settings.transfer();
        HubClient client = new HubClient(settings);
        repo = new HubApi(client, name).repo();
        selection = Selection.of(name, repo.files(), want);
        pull = new Pull(client, cache, name, repo.commit(), watch);
        try {
            // The small ones first: what is wrong with a model is known before its weights come.
            List<String> unknown = new ArrayList<>(selection.files());
            unknown.removeAll(repo.known().keySet());
            files = new ArrayList<>(pull.ask(unknown));
            selection.files().stream()
                    .map(repo.known()::get)
                    .filter(Objects::nonNull)
                    .forEach(files::add);
            files.sort(Comparator.comparingLong(RepoFile::size).thenComparing(RepoFile::path));
        } catch (IOException | InterruptedException | RuntimeException e) {
            pull.close();
            throw e;
        }
    }

    boolean isModel() {
        return selection.main() == null;
    }

    /** The folder of the model, or the file of the adapter. */
    Path path() {
        Path folder = cache.commit(repo.commit());
        return isModel() ? folder : folder.resolve(selection.main());
    }

    Look look() throws IOException {
        List<Look.File> all = new ArrayList<>();
        for (RepoFile file : files) {
            all.add(new Look.File(file.path(), file.size(), isThere(file)));
        }
        return new Look(
                name.toString(),
                isModel(),
                repo.commit(),
                repo.licence(),
                repo.gated(),
                cache.commit(repo.commit()),
                all);
    }

    /**
     * Brings all files, and lets the revision mean them.
     *
     * @param check sees the folder of a model before its weights come
     */
    void all(Consumer<Path> check) throws IOException, InterruptedException {
        announce();
        pull.expect(files);
        if (isModel()) {
            pull.run(files.stream().filter(Fetch::isConfig).toList());
            check.accept(path());
        }
        pull.run(files.stream().filter(file -> !isModel() || !isConfig(file)).toList());
        cache.ref(name.revision(), repo.commit());
    }

    private static boolean isConfig(RepoFile file) {
        return file.path().endsWith(".json");
    }

    private boolean isThere(RepoFile file) throws IOException {
        return cache.has(repo.commit(), file) || cache.hasBlob(file);
    }

    /** Says what will come, and whether the disk can take it. */
    private void announce() throws IOException {
        long left = 0;
        int count = 0;
        Set<String> seen = new HashSet<>();
        for (RepoFile file : files) {
            if (seen.add(file.etag()) && !isThere(file)) {
                Path begun = cache.incomplete(file.etag());
                left += file.size() - (Files.exists(begun) ? Files.size(begun) : 0);
                count++;
            }
        }
        if (count == 0) {
            return;
        }
        Files.createDirectories(cache.path());
        long free = transfer.disk().freeBytes(cache.path());
        if (left > free) {
            throw new HubException(
                    "needs "
                            + size(left)
                            + ", and the disk of "
                            + cache.path()
                            + " has "
                            + size(free)
                            + " free; make room, or set HF_HUB_CACHE to a folder elsewhere");
        }
        watch.note(
                "pulling "
                        + name
                        + ": "
                        + size(left)
                        + " in "
                        + count
                        + (count == 1 ? " file to " : " files to ")
                        + cache.path());
    }

    private static String size(long bytes) {
        return bytes >= GIGA
                ? String.format(Locale.ROOT, "%.1f GB", bytes / GIGA)
                : String.format(Locale.ROOT, "%.1f MB", bytes / MEGA);
    }

    @Override
    public void close() {
        pull.close();
    }
}
