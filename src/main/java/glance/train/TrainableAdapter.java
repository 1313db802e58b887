package glance.train;

import glance.lora.LoraPair;
import glance.op.LowRank;
import glance.ops.Adapter;
import glance.ops.HostTransfer;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An adapter whose matrices can change: F32 copies on the device, in a fixed order. Owns their
 * memory.
 */
public final class TrainableAdapter implements Adapter, AutoCloseable {
    private final Map<String, LowRank> modules = new LinkedHashMap<>();
    private final List<Storage> owned = new ArrayList<>();

    /**
     * Copies an adapter to the device.
     *
     * @param pairs by module name, of any float dtype
     */
    public TrainableAdapter(Ops ops, Map<String, LoraPair> pairs) {
        pairs.forEach(
                (module, pair) ->
                        modules.put(
                                module,
                                new LowRank(
                                        copy(
                                                ops,
                                                pair.a().dtype(),
                                                pair.a().shape(),
                                                pair.a().data()),
                                        copy(
                                                ops,
                                                pair.b().dtype(),
                                                pair.b().shape(),
                                                pair.b().data()),
                                        pair.scale())));
    }

    private Tensor copy(Ops ops, DType dtype, Shape shape, java.nio.ByteBuffer data) {
        HostTransfer host = ops.host();
        Tensor stored = host.upload(dtype, shape, data);
        Tensor own = ops.cast(stored, DType.F32);
        own.storage().retain();
        owned.add(own.storage());
        return own;
    }

    /** The matrices by module name; the same tensors all the time, changed in place. */
    public Map<String, LowRank> modules() {
        return modules;
    }

    /** A and B of each module, in order. */
    public List<Tensor> parameters() {
        List<Tensor> result = new ArrayList<>();
        modules.values()
                .forEach(
                        lowRank -> {
                            result.add(lowRank.a());
                            result.add(lowRank.b());
                        });
        return result;
    }

    /** The matrices by name: {@code MODULE.lora_A} and {@code MODULE.lora_B}, in order. */
    public Map<String, Tensor> named() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        modules.forEach(
                (module, lowRank) -> {
                    result.put(module + ".lora_A", lowRank.a());
                    result.put(module + ".lora_B", lowRank.b());
                });
        return result;
    }

    @Override
    public LowRank of(String module) {
        return modules.get(module);
    }

    @Override
    public void close() {
        owned.forEach(Storage::release);
        owned.clear();
    }
}
