package glance.io;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** See {@link Weights#changed}. */
final class ChangedWeights extends Weights {
    private final Weights stored;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Function<TensorInfo, ByteBuffer> data;

    ChangedWeights(
            Weights stored,
            Function<TensorInfo, DType> dtypes,
            Function<TensorInfo, ByteBuffer> data) {
        this.stored = stored;
        this.data = data;
        stored.tensors()
                .forEach(
                        (name, info) -> {
                            DType dtype = dtypes.apply(info);
                            long bytes = dtype.bytes(info.shape().numel());
                            tensors.put(name, new TensorInfo(name, dtype, info.shape(), bytes));
                        });
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public ByteBuffer data(String name) {
        return data.apply(stored.tensors().get(name));
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
