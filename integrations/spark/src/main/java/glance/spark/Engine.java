package glance.spark;

import glance.Glance;
import glance.Hub;
import glance.Listener;
import glance.Model;
import glance.Progress;
import glance.api.CancelledException;
import glance.api.DeviceOptions;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.adapter.Watch;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A model on a device, opened by the first task that needs it and shared by all tasks of the
 * executor that have the same device. It does one piece of work at a time.
 */
final class Engine {
    /** One step of a small picture, of a size that all models take. */
    private static final Request TRIAL =
            Request.of("a red circle").size(256, 256).plan(Plans.uniform(1)).seed(0);

    private static final Map<Key, Engine> OPEN = new HashMap<>();
    private static volatile boolean closing;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Engine::shutDown, "glance-close"));
    }

    private record Key(String model, String device, int threads) {}

    private final Glance glance;
    private final Model model;
    private final String device;
    private volatile boolean works;
    private volatile boolean closed;

    private Engine(Glance glance, Model model) {
        this.glance = glance;
        this.model = model;
        this.device = glance.device().id();
    }

    /** Ends work from outside. */
    private record Ending(BooleanSupplier isWanted) implements Watch, Listener {
        @Override
        public void next(String name, int done, int total) {}

        @Override
        public void progress(Progress progress) {}

        @Override
        public void note(String message) {}

        @Override
        public void warning(String message) {}

        @Override
        public boolean isCancelled() {
            return isWanted.getAsBoolean();
        }
    }

    /**
     * The engine of a device.
     *
     * @param isCancelled asked now and then while the model is fetched
     * @throws CancelledException if that is so, or the executor ends
     * @throws RuntimeException of the engine, if device or model cannot be opened
     */
    static Engine of(String name, String device, int threads, BooleanSupplier isCancelled) {
        Key key = new Key(name, device, threads);
        synchronized (OPEN) {
            Engine known = OPEN.get(key);
            if (known != null) {
                return known;
            }
        }
        // Without the lock: it may take hours, and who ends the executor needs it.
        Path folder = new Hub(new Ending(isCancelled)).model(name);
        synchronized (OPEN) {
            if (closing) {
                throw new CancelledException();
            }
            Engine known = OPEN.get(key);
            if (known == null) {
                known = open(key, folder);
                OPEN.put(key, known);
            }
            return known;
        }
    }

    private static Engine open(Key key, Path folder) {
        Glance glance = Glance.open(key.device(), new DeviceOptions(key.threads(), null));
        try {
            return new Engine(glance, glance.load(folder, key.model(), null));
        } catch (RuntimeException | Error e) {
            glance.close();
            throw e;
        }
    }

    Model model() {
        return model;
    }

    /** What the device calls itself. */
    String device() {
        return device;
    }

    /** Says that it has made something: a later failure is not one of model or device. */
    void hasMade() {
        works = true;
    }

    /** Whether it was closed, perhaps in the middle of work, which then has failed for that. */
    boolean isClosed() {
        return closed;
    }

    /**
     * Returns if model and device are good for anything, so that a failure is that of what was
     * asked for. If nothing was made yet, a small picture tells.
     *
     * @throws RuntimeException of the engine, if not even that can be drawn
     */
    void requireWorks(BooleanSupplier isCancelled) {
        if (works) {
            return;
        }
        try {
            model.draw(TRIAL, new Ending(isCancelled));
            works = true;
        } catch (CancelledException e) {
            throw e;
        } catch (RequestException e) {
            // A model that wants more than a prompt: it is there, and answers.
        } catch (RuntimeException e) {
            // The next task shall read the model anew.
            discard();
            throw e;
        }
    }

    /** Whether the executor ends: no work is worth being finished. */
    static boolean isClosing() {
        return closing;
    }

    /** Frees the device, after which {@link #of} opens it anew. */
    void discard() {
        synchronized (OPEN) {
            OPEN.values().remove(this);
        }
        close();
    }

    private void close() {
        closed = true;
        glance.close();
    }

    /** Frees all devices. */
    static void closeAll() {
        synchronized (OPEN) {
            OPEN.values().forEach(Engine::close);
            OPEN.clear();
        }
    }

    private static void shutDown() {
        closing = true;
        closeAll();
    }
}
