package glance.io;

import glance.api.FormatException;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** See {@link Weights#view}. */
final class WeightsView extends Weights {
    private final Weights stored;
    private final Map<String, List<Rows>> places = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    WeightsView(Weights stored, Map<String, List<Rows>> names) {
        this.stored = stored;
        names.forEach(
                (name, rows) -> {
                    places.put(name, List.copyOf(rows));
                    tensors.put(name, info(name, rows));
                });
    }

    private TensorInfo info(String name, List<Rows> parts) {
        TensorInfo first = stored.tensors().get(parts.get(0).tensor());
        float scale = stored.scale(first.name());
        for (Rows part : parts) {
            if (stored.scale(part.tensor()) != scale) {
                throw new FormatException(
                        stored.source(),
                        part.tensor(),
                        "has another scale than " + first.name(),
                        null);
            }
        }
        Shape shape = first.shape();
        if (!isWhole(parts)) {
            int rows = 0;
            for (Rows part : parts) {
                TensorInfo info = stored.tensors().get(part.tensor());
                if (info.shape().rank() == 0
                        || part.count() < 0
                        || part.begin() + part.count() > info.shape().dim(0)) {
                    throw misfit(info, part, "are not all there");
                }
                rows += part.count();
            }
            shape = shape.with(0, rows);
        }
        try {
            return new TensorInfo(name, first.dtype(), shape, first.dtype().bytes(shape.numel()));
        } catch (ArithmeticException e) {
            throw misfit(first, parts.get(0), "end within a block of " + first.dtype());
        }
    }

    private FormatException misfit(TensorInfo info, Rows part, String reason) {
        return new FormatException(
                stored.source(),
                info.name(),
                "rows "
                        + part.begin()
                        + " to "
                        + (part.begin() + part.count())
                        + " of "
                        + info.shape()
                        + " "
                        + reason,
                "check that it is the model's file, and fetch it again");
    }

    private boolean isWhole(List<Rows> parts) {
        Rows part = parts.get(0);
        return parts.size() == 1
                && part.begin() == 0
                && part.count() == Rows.of(stored.tensors().get(part.tensor())).count();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** That of the tensor that its rows are of. */
    @Override
    public float scale(String name) {
        List<Rows> parts = places.getOrDefault(name, List.of());
        return parts.isEmpty() ? 1 : stored.scale(parts.get(0).tensor());
    }

    @Override
    public ByteBuffer data(String name) {
        List<Rows> parts = places.get(name);
        if (parts == null) {
            throw new IllegalArgumentException(source() + ": no tensor named " + name);
        }
        if (isWhole(parts)) {
            return stored.data(parts.get(0).tensor());
        }
        if (parts.size() == 1) {
            return slice(parts.get(0));
        }
        ByteBuffer joined = ByteBuffer.allocateDirect((int) tensors.get(name).bytes());
        parts.forEach(part -> joined.put(slice(part)));
        return joined.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer slice(Rows part) {
        TensorInfo info = stored.tensors().get(part.tensor());
        long width = info.shape().numel() / info.shape().dim(0);
        try {
            return stored.data(part.tensor())
                    .slice(
                            (int) info.dtype().bytes(part.begin() * width),
                            (int) info.dtype().bytes(part.count() * width))
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (ArithmeticException e) {
            throw misfit(info, part, "begin or end within a block of " + info.dtype());
        }
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
