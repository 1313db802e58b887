package glance.io;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** See {@link Weights#expanded}. */
final class ExpandedWeights extends Weights {
    private final Weights stored;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private ExpandedWeights(Weights stored) {
        this.stored = stored;
        stored.tensors()
                .forEach(
                        (name, info) ->
                                tensors.put(
                                        name,
                                        info.dtype().isReal()
                                                ? new TensorInfo(
                                                        name,
                                                        DType.F32,
                                                        info.shape(),
                                                        DType.F32.bytes(info.shape().numel()))
                                                : info));
    }

    static Weights of(Weights weights) {
        boolean plain =
                weights.tensors().values().stream()
                        .filter(info -> info.dtype().isReal())
                        .allMatch(
                                info ->
                                        HostFloats.supports(info.dtype())
                                                && weights.scaling(info.name()) == Scaling.NONE);
        return plain ? weights : new ExpandedWeights(weights);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public ByteBuffer data(String name) {
        HostTensor tensor = stored.tensor(name);
        Scaling scaling = stored.scaling(name);
        if (!tensor.dtype().isReal() || tensor.dtype() == DType.F32 && scaling == Scaling.NONE) {
            return tensor.data();
        }
        HostTensor values = scaling.values(tensor);
        return values.dtype() == DType.F32
                ? values.data()
                : HostFloats.tensor(DType.F32, tensor.shape(), HostFloats.read(values)).data();
    }

    @Override
    public List<TensorFile> files() {
        return stored.files();
    }

    @Override
    public Map<String, String> metadata() {
        return stored.metadata();
    }

    @Override
    public Path source() {
        return stored.source();
    }

    @Override
    public void close() {
        stored.close();
    }
}
