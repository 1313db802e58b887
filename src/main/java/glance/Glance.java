package glance;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.MemoryStats;
import glance.api.ModelParts;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.Devices;
import glance.hub.HubFiles;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.ModelFiles;
import glance.pipeline.Pipeline;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine on one device, and the way in:
 *
 * <pre>{@code
 * try (Glance glance = Glance.open();
 *         Model model = glance.load(Path.of("FLUX.1-dev"))) {
 *     model.draw("three blue stars").save(Path.of("stars.png"));
 * }
 * }</pre>
 *
 * May be called from any thread. What its models do happens on one thread of its own, one piece of
 * work after the other. Two engines in one process share nothing. What can go wrong is listed in
 * {@link glance.api}.
 */
public final class Glance implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Glance.class);

    private final Worker worker;
    private final Device device;
    private final Ops ops;
    private final Set<Model> models = new LinkedHashSet<>();
    private boolean closed;

    private Glance(Worker worker, Device device) {
        this.worker = worker;
        this.device = device;
        this.ops = new Ops(device);
    }

    /**
     * The engine on the best device of this machine.
     *
     * @throws glance.api.DeviceException if none can be used
     */
    public static Glance open() {
        return open("auto");
    }

    /**
     * The engine on a device.
     *
     * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}
     * @throws glance.api.DeviceException if there is no such device, or it cannot be used
     */
    public static Glance open(String device) {
        return open(device, DeviceOptions.defaults());
    }

    /**
     * The same with options.
     *
     * @param options threads of the CPU, dtype of activations
     */
    public static Glance open(String device, DeviceOptions options) {
        Worker worker = new Worker("glance");
        try {
            return new Glance(worker, worker.call(cancelled -> Devices.open(device, options)));
        } catch (RuntimeException | Error e) {
            worker.close();
            throw e;
        }
    }

    /** The device. */
    public DeviceInfo device() {
        return device.info();
    }

    /** What the device's memory holds and held. */
    public MemoryStats memory() {
        return device.memory().stats();
    }

    /** The small model that ships with the engine: coloured shapes, 64 pixels wide. */
    public Model builtIn() {
        return load(BuiltInModel.path(), BuiltInModel.NAME, null);
    }

    /**
     * A model in the published folder layout; a folder {@code models--ORG--NAME} of the hub's cache
     * stands for its main snapshot. Also a file with a transformer or with all parts, or a folder
     * of ComfyUI. Weights come to the device with the first request.
     *
     * @throws glance.api.FormatException if it is no model that this engine runs
     * @throws glance.api.RequestException if parts are missing, such as tokenizers: see {@link
     *     #load(Path, ModelParts)}
     */
    public Model load(Path folder) {
        return load(folder, folder.toString(), null);
    }

    /**
     * The same with files in place of parts, such as a transformer in GGUF, or beside those that it
     * has. {@link ModelParts} shows a model from files alone.
     */
    public Model load(Path folder, ModelParts parts) {
        return load(folder, parts, folder.toString(), null);
    }

    /**
     * A model by its path, or by its name on the Hugging Face hub: see {@link Hub#model}. What the
     * hub's cache lacks of it is fetched first, which {@link Hub} shows and {@link Hub#offline}
     * forbids.
     */
    public Model load(String name) {
        return load(new Hub().model(name), name, null);
    }

    /** The same, with a say in which of its parts stay on the device. */
    public Model load(Path folder, Residency residency) {
        return load(folder, folder.toString(), residency);
    }

    /**
     * The same under another name, for files that say what made them.
     *
     * @param residency null to let the memory decide
     */
    public Model load(Path folder, String name, Residency residency) {
        return load(folder, ModelParts.NONE, name, residency);
    }

    /**
     * The same with files in place of parts, such as a transformer in GGUF.
     *
     * @param parts files that the folder's parts give way to
     */
    public Model load(Path folder, ModelParts parts, String name, Residency residency) {
        ModelFolder opened = ModelFiles.open(HubFiles.snapshot(folder), parts, LOG::info);
        synchronized (models) {
            requireOpen();
            Pipeline pipeline = new Pipeline(ops, opened, residency);
            Model model = new Model(this, name, opened, pipeline);
            models.add(model);
            return model;
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    "this engine is closed; open a new one with Glance.open");
        }
    }

    Worker worker() {
        return worker;
    }

    Ops ops() {
        return ops;
    }

    void closed(Model model) {
        synchronized (models) {
            models.remove(model);
        }
    }

    /** Closes its models, and frees everything that it has on the device; twice is fine. */
    @Override
    public void close() {
        Set<Model> open;
        synchronized (models) {
            if (closed) {
                return;
            }
            closed = true;
            open = Set.copyOf(models);
        }
        try {
            open.forEach(Model::close);
            worker.run(ops::close);
        } finally {
            try {
                worker.run(device::close);
            } finally {
                worker.close();
            }
        }
    }
}
