package glance.tools;

import glance.api.Converted;
import glance.api.FormatException;
import glance.api.adapter.Watch;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.TensorInfo;
import glance.io.TensorSource;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Tensors on their way into a file: each is made in its type when its turn comes. */
final class StoredTensors {
    private static final String WEIGHT = ".weight";

    /** As ComfyUI marks a matrix that has one scale. */
    private static final byte[] MARK =
            "{\"format\": \"float8_e4m3fn\"}".getBytes(StandardCharsets.UTF_8);

    private final Weights weights;
    private final StoredTypes types;
    private final boolean gguf;
    private final Watch watch;
    private final List<Converted.Tensor> written = new ArrayList<>();
    private Pieces pieces;
    private long bytes;

    /**
     * @param weights under the names that they will have; numbers are F32, BF16 or F16
     * @param gguf whether for a GGUF file, which holds nothing but numbers
     */
    StoredTensors(Weights weights, StoredTypes types, boolean gguf, Watch watch) {
        this.weights = weights;
        this.types = types;
        this.gguf = gguf;
        this.watch = watch;
    }

    /** What the writer of the file asks for. */
    Map<String, TensorSource> sources() {
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        int scales = 0;
        for (TensorInfo info : weights.tensors().values()) {
            DType type = types.of(info);
            requireRoom(info, type);
            if (type == DType.F8_E4M3) {
                addScaled(info, sources);
                scales++;
            } else if (type.isReal()) {
                add(sources, info.name(), type, info.shape(), () -> data(info, type, 1));
            } else if (gguf) {
                watch.note(info.name() + " is left out: GGUF holds numbers, and it is " + type);
            } else {
                add(sources, info.name(), type, info.shape(), () -> weights.data(info.name()));
            }
        }
        int numbers = (int) sources.keySet().stream().filter(this::isNumbers).count();
        pieces = new Pieces(watch, numbers + scales);
        bytes = sources.values().stream().mapToLong(TensorSource::bytes).sum();
        return sources;
    }

    private void requireRoom(TensorInfo info, DType type) {
        weights.requireRoom(
                info.name(),
                info.dtype(),
                info.shape(),
                "take a file that has it in a smaller type, BF16 or F16");
        weights.requireRoom(info.name(), type, info.shape(), "take a smaller --type");
    }

    private boolean isNumbers(String name) {
        TensorInfo info = weights.tensors().get(name);
        return info != null && info.dtype().isReal();
    }

    /** A matrix with its scale and its mark. It is read twice. */
    private void addScaled(TensorInfo info, Map<String, TensorSource> sources) {
        String module = info.name().substring(0, info.name().length() - WEIGHT.length());
        Supplier<Float> scale =
                once(
                        () -> {
                            pieces.next(info.name());
                            return Rounding.scale(weights.tensor(info.name()));
                        });
        add(
                sources,
                info.name(),
                DType.F8_E4M3,
                info.shape(),
                () -> data(info, DType.F8_E4M3, scale.get()));
        add(
                sources,
                module + ".weight_scale",
                DType.F32,
                Shape.of(),
                () -> HostFloats.tensor(DType.F32, Shape.of(), scale.get()).data());
        add(
                sources,
                module + ".comfy_quant",
                DType.U8,
                Shape.of(MARK.length),
                () -> ByteBuffer.wrap(MARK));
    }

    private static Supplier<Float> once(Supplier<Float> made) {
        Float[] value = new Float[1];
        return () -> {
            value[0] = value[0] == null ? made.get() : value[0];
            return value[0];
        };
    }

    private static void add(
            Map<String, TensorSource> sources,
            String name,
            DType type,
            Shape shape,
            Supplier<ByteBuffer> data) {
        sources.put(name, new TensorSource(type, shape, data));
    }

    private ByteBuffer data(TensorInfo info, DType type, float scale) {
        pieces.next(info.name());
        HostTensor tensor = weights.tensor(info.name());
        Rounding rounding;
        try {
            rounding =
                    type == info.dtype() ? Rounding.none(tensor) : Rounding.of(tensor, type, scale);
        } catch (IllegalArgumentException e) {
            throw refuse(info.name(), tensor, e);
        }
        written.add(
                new Converted.Tensor(
                        info.name(),
                        type.name(),
                        types.isFallback(info),
                        info.shape().numel(),
                        rounding.weight(),
                        rounding.lost()));
        return rounding.data();
    }

    private FormatException refuse(String name, HostTensor tensor, IllegalArgumentException e) {
        return Rounding.isFinite(tensor)
                ? new FormatException(
                        weights.source(),
                        name,
                        e.getMessage(),
                        "take a type with a larger range, such as bf16",
                        e)
                : new FormatException(
                        weights.source(),
                        name,
                        "holds numbers that are not finite",
                        "the file is damaged; fetch it again",
                        e);
    }

    /** What was written so far. */
    List<Converted.Tensor> written() {
        return written;
    }

    /** Size of all of them together. */
    long bytes() {
        return bytes;
    }
}
