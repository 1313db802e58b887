package glance.spark;

import glance.Glance;
import glance.Model;
import glance.api.DeviceOptions;
import java.util.HashMap;
import java.util.Map;

/**
 * A model on a device, opened by the first task that needs it and shared by all tasks of the
 * executor that have the same device. It does one piece of work at a time.
 */
final class Engine {
    private static final Map<Key, Engine> OPEN = new HashMap<>();
    private static volatile boolean closing;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Engine::shutDown, "glance-close"));
    }

    private record Key(String model, String device, int threads) {}

    private final Glance glance;
    private final Model model;

    private Engine(Glance glance, Model model) {
        this.glance = glance;
        this.model = model;
    }

    /**
     * The engine of a device.
     *
     * @throws RuntimeException of the engine, if device or model cannot be opened
     */
    static Engine of(String name, String device, int threads) {
        synchronized (OPEN) {
            Key key = new Key(name, device, threads);
            Engine known = OPEN.get(key);
            if (known == null) {
                known = open(key);
                OPEN.put(key, known);
            }
            return known;
        }
    }

    private static Engine open(Key key) {
        Glance glance = Glance.open(key.device(), new DeviceOptions(key.threads(), null));
        try {
            return new Engine(glance, glance.load(key.model()));
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
        return glance.device().id();
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
        glance.close();
    }

    /** Frees all devices. */
    static void closeAll() {
        synchronized (OPEN) {
            OPEN.values().forEach(engine -> engine.glance.close());
            OPEN.clear();
        }
    }

    private static void shutDown() {
        closing = true;
        closeAll();
    }
}
