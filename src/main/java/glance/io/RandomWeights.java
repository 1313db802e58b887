package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/** See {@link Weights#random}. */
final class RandomWeights extends Weights {
    private static final double STANDARD_DEVIATION = 0.02;

    /** Odd, so that rows of a matrix do not repeat. */
    private static final int PERIOD = (1 << 20) + 7;

    private final Path source;
    private final DType dtype;
    private final Function<TensorInfo, DType> types;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private ByteBuffer normal = ByteBuffer.allocate(0);
    private ByteBuffer ones = ByteBuffer.allocate(0);
    private ByteBuffer zeros = ByteBuffer.allocate(0);

    RandomWeights(Path source, DType dtype, Function<TensorInfo, DType> types) {
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "random weights are F32 or BF16, asked for " + dtype);
        }
        this.source = source;
        this.dtype = dtype;
        this.types = types;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public TensorInfo find(String name, Shape wanted) {
        return tensors.computeIfAbsent(name, key -> info(key, wanted));
    }

    private TensorInfo info(String name, Shape shape) {
        TensorInfo plain = new TensorInfo(name, dtype, shape, dtype.bytes(shape.numel()));
        DType type = types.apply(plain);
        return new TensorInfo(name, type, shape, type.bytes(shape.numel()));
    }

    @Override
    public ByteBuffer data(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw new IllegalArgumentException(source + ": no tensor named " + name);
        }
        if (info.bytes() > Integer.MAX_VALUE) {
            throw new FormatException(
                    source,
                    name,
                    "is " + info.bytes() + " bytes, over the limit of 2 GiB for one tensor",
                    "take random weights of a smaller dtype");
        }
        int bytes = (int) info.bytes();
        if (info.dtype() == dtype && info.shape().rank() > 1) {
            if (normal.capacity() < bytes) {
                Random random = new Random(0);
                normal = filled(bytes, () -> STANDARD_DEVIATION * random.nextGaussian());
            }
            return part(normal, bytes);
        }
        if (info.dtype() == dtype && name.endsWith("weight")) {
            ones = ones.capacity() < bytes ? filled(bytes, () -> 1) : ones;
            return part(ones, bytes);
        }
        zeros = zeros.capacity() < bytes ? ByteBuffer.allocate(bytes) : zeros;
        return part(zeros, bytes);
    }

    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    @Override
    public Path source() {
        return source;
    }

    @Override
    public void close() {
        // the blocks are garbage when this is
    }

    private static ByteBuffer part(ByteBuffer buffer, int bytes) {
        return buffer.slice(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A period of values, repeated: drawing a billion of them would take longer than most runs. */
    private ByteBuffer filled(int bytes, DoubleSupplier values) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int period = Math.min(bytes, PERIOD * dtype.bytes());
        for (int at = 0; at < period; at += dtype.bytes()) {
            put(buffer, at, (float) values.getAsDouble());
        }
        for (int at = period; at < bytes; at += period) {
            int length = Math.min(period, bytes - at);
            buffer.put(at, buffer, 0, length);
        }
        return buffer;
    }

    private void put(ByteBuffer buffer, int at, float value) {
        if (dtype == DType.F32) {
            buffer.putFloat(at, value);
        } else {
            buffer.putShort(at, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }
}
