package glance.hub;

import glance.api.CancelledException;
import glance.api.FormatException;
import glance.api.adapter.Watch;
import glance.hub.Selection.Want;
import glance.text.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Files of the hub on this machine: from its cache where that has them, else fetched into it.
 *
 * <p>All methods throw {@link FormatException} if a repository does not hold what is wanted, {@link
 * UncheckedIOException} with one line if it cannot be had, and {@link CancelledException}.
 */
public final class HubFiles {
    private static final int MAX_LISTED = 5;

    private final HubSettings settings;
    private final Watch watch;
    private final Consumer<Path> check;

    /**
     * @param check sees the snapshot of a model when its configs are there, and may refuse it
     */
    public HubFiles(HubSettings settings, Watch watch, Consumer<Path> check) {
        this.settings = settings;
        this.watch = watch;
        this.check = check;
    }

    /** The folder that a path stands for: a snapshot, if it is a folder of the hub's cache. */
    public static Path snapshot(Path path) {
        return RepoCache.snapshot(path);
    }

    /** The folder of a model. */
    public Path model(HubName name) {
        return find(name, Want.MODEL);
    }

    /** The file of an adapter. */
    public Path adapter(HubName name) {
        return find(name, Want.ADAPTER);
    }

    private Path find(HubName name, Want want) {
        return cached(name, want, settings.isOffline()).orElseGet(() -> pull(name, want));
    }

    /**
     * Asks the hub for the newest, and fetches what is missing of it.
     *
     * @return the folder of a model, or the file of an adapter
     */
    public Path pull(HubName name) {
        return pull(name, Want.EITHER);
    }

    private Path pull(HubName name, Want want) {
        return online(
                name,
                want,
                fetch -> {
                    fetch.all(check);
                    return fetch.path();
                },
                reason -> {
                    Optional<Path> there = cached(name, want, true);
                    there.ifPresent(path -> watch.note(reason + "; the cache has " + name));
                    return there;
                });
    }

    /** Asks the hub what would be fetched. */
    public Look look(HubName name) {
        return online(name, Want.EITHER, Fetch::look, reason -> Optional.empty());
    }

    /** What the cache has, without asking anybody. */
    public Optional<Path> cached(HubName name) {
        return cached(name, Want.EITHER, true);
    }

    private Optional<Path> cached(HubName name, Want want, boolean offline) {
        if (want == Want.EITHER) {
            return cached(name, Want.MODEL, offline).or(() -> cached(name, Want.ADAPTER, offline));
        }
        Optional<Path> snapshot = new RepoCache(settings.cache(), name).snapshotOf(name.revision());
        return want == Want.MODEL
                ? snapshot.filter(path -> name.file() == null && Selection.isWhole(path))
                : snapshot.flatMap(path -> Selection.cachedAdapter(name, path, offline));
    }

    private FormatException missing(HubName name, String reason) {
        List<String> files =
                new RepoCache(settings.cache(), name)
                        .snapshotOf(name.revision())
                        .filter(Selection::isModel)
                        .map(Selection::missing)
                        .orElse(List.of());
        return new FormatException(
                Path.of(name.toString()),
                null,
                "the cache "
                        + settings.cache()
                        + (files.isEmpty()
                                ? " does not have it"
                                : " lacks " + PrintableText.some(files, MAX_LISTED) + " of it"),
                reason);
    }

    /** What is done while there is a connection. */
    @FunctionalInterface
    private interface Work<R> {
        R with(Fetch fetch) throws IOException, InterruptedException;
    }

    /**
     * @param otherwise what the cache has to say where there is no connection, given the reason
     */
    private <R> R online(
            HubName name, Want want, Work<R> work, Function<String, Optional<R>> otherwise) {
        if (settings.isOffline()) {
            String reason = "no network may be used here";
            return otherwise
                    .apply(reason)
                    .orElseThrow(
                            () ->
                                    missing(
                                            name,
                                            reason
                                                    + "; glance-engine pull "
                                                    + name
                                                    + " fetches it"));
        }
        try (Fetch fetch = new Fetch(settings, name, want, watch)) {
            return work.with(fetch);
        } catch (NoClassDefFoundError e) {
            throw missing(name, "this Java lacks the module java.net.http, which could fetch it");
        } catch (InterruptedException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException();
        } catch (HubException e) {
            if (!e.isUnreachable()) {
                throw new UncheckedIOException(name + ": " + e.getMessage(), e);
            }
            return otherwise.apply(e.getMessage()).orElseThrow(() -> missing(name, e.getMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    settings.cache()
                            + ": cannot be written ("
                            + reason(e)
                            + "); what came is kept: see to permissions and free space, or set"
                            + " HF_HUB_CACHE to another folder, and run it again",
                    e);
        }
    }

    private static String reason(IOException e) {
        String reason = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
        return reason == null ? e.getClass().getSimpleName() : PrintableText.quoted(reason);
    }
}
