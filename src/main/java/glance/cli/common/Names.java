package glance.cli.common;

import glance.Hub;
import glance.api.Lora;
import glance.api.adapter.Watch;
import glance.hub.HubFiles;
import glance.hub.HubName;
import glance.hub.HubSettings;
import glance.hub.Look;
import glance.lora.AdapterPath;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Models and adapters as a user names them: paths, or names of the hub. What the hub's cache lacks
 * is pulled, with a line that says how much and a bar that shows how far.
 */
public final class Names {
    private Names() {}

    /** The folder of a model, or whatever else has that path. */
    public static Path model(Session session, String name) {
        return with(session, hub -> hub.model(name));
    }

    /** The file of an adapter, or a folder of some. */
    public static Path adapter(Session session, String name) {
        return with(session, hub -> hub.adapter(name));
    }

    /** An adapter with strength and steps. */
    public static Lora lora(Session session, String text) {
        return with(session, hub -> hub.lora(text));
    }

    /** As {@link #lora}; the folder of a training run stands for all adapters in it. */
    public static List<Lora> loras(Session session, String text) {
        return AdapterPath.expand(List.of(lora(session, text)));
    }

    /** What a name stands for in the cache or on this machine: a model, an adapter or any path. */
    public static Path path(Session session, String name) {
        return HubName.of(name)
                .flatMap(known -> files(session).cached(known))
                .orElseGet(() -> model(session, name));
    }

    /** The newest of a model or adapter of the hub. */
    public static Path pull(Session session, String name) {
        return with(session, hub -> hub.pull(name));
    }

    /** What the hub says about a name of which the cache does not have all; else empty. */
    public static Optional<Look> look(Session session, String name) {
        HubFiles files = files(session);
        return HubName.of(name).filter(n -> files.cached(n).isEmpty()).map(files::look);
    }

    private static HubFiles files(Session session) {
        HubSettings settings = HubSettings.ofProcess();
        return new HubFiles(
                session.offline() ? settings.withoutNetwork() : settings, Watch.NONE, folder -> {});
    }

    private static <R> R with(Session session, Function<Hub, R> work) {
        try (Pulling pulling = new Pulling(session)) {
            Hub hub = new Hub(pulling);
            return work.apply(session.offline() ? hub.offline() : hub);
        }
    }

    /** A bar that is there as soon as something is pulled. */
    private static final class Pulling implements Watch, AutoCloseable {
        private final Session session;
        private Progress progress;

        Pulling(Session session) {
            this.session = session;
        }

        @Override
        public void next(String name, int done, int total) {
            if (progress == null) {
                progress = new Progress(session, "pulling", Progress.MEGABYTE);
            }
            progress.next(name, done, total);
        }

        @Override
        public void note(String message) {
            close();
            session.note(message);
        }

        @Override
        public boolean isCancelled() {
            return session.stop().isRequested();
        }

        @Override
        public void close() {
            if (progress != null) {
                progress.close();
            }
        }
    }
}
