package glance.io;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** See {@link Weights#changed} and {@link Weights#expanded}. */
final class ChangedWeights extends DerivedWeights {
    private static final String PLAIN = "take a file that has it in BF16 or F16";

    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Function<TensorInfo, ByteBuffer> data;

    ChangedWeights(
            Weights stored,
            Function<TensorInfo, DType> dtypes,
            Function<TensorInfo, ByteBuffer> data) {
        super(stored);
        this.data = data;
        stored.tensors()
                .forEach(
                        (name, info) -> {
                            DType dtype = dtypes.apply(info);
                            long bytes = dtype.bytes(info.shape().numel());
                            tensors.put(name, new TensorInfo(name, dtype, info.shape(), bytes));
                        });
    }

    static Weights expanded(Weights stored) {
        boolean plain = stored.tensors().values().stream().allMatch(info -> stays(stored, info));
        return plain
                ? stored
                : stored.changed(
                        info -> stays(stored, info) ? info.dtype() : DType.F32,
                        info -> expanded(stored, info));
    }

    private static boolean stays(Weights stored, TensorInfo info) {
        return !info.dtype().isReal()
                || HostFloats.supports(info.dtype()) && stored.scaling(info.name()) == Scaling.NONE;
    }

    private static ByteBuffer expanded(Weights stored, TensorInfo info) {
        if (stays(stored, info)) {
            return stored.data(info.name());
        }
        stored.requireRoom(info.name(), DType.F32, info.shape(), PLAIN);
        HostTensor values = stored.scaling(info.name()).values(stored.tensor(info.name()));
        return values.dtype() == DType.F32
                ? values.data()
                : HostFloats.tensor(DType.F32, info.shape(), HostFloats.read(values)).data();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public ByteBuffer data(String name) {
        TensorInfo info = stored.tensors().get(name);
        if (info == null) {
            throw new IllegalArgumentException(source() + ": no tensor named " + name);
        }
        return data.apply(info);
    }
}
