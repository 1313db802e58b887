package glance.lora;

import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Builds small adapter files. */
final class AdapterFiles {
    private final Map<String, HostTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Random random = new Random(5);

    /** A matrix or number of float32 noise. */
    AdapterFiles tensor(String key, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return floats(key, shape, values);
    }

    AdapterFiles floats(String key, Shape shape, float... values) {
        ByteBuffer data = buffer(4 * values.length);
        data.asFloatBuffer().put(values);
        tensors.put(key, new HostTensor(DType.F32, shape, data));
        return this;
    }

    /** A matrix of bfloat16 noise. */
    AdapterFiles bfloats(String key, int... dims) {
        Shape shape = Shape.of(dims);
        ByteBuffer data = buffer(Math.toIntExact(2 * shape.numel()));
        while (data.hasRemaining()) {
            data.putShort((short) (Float.floatToIntBits((float) random.nextGaussian()) >>> 16));
        }
        tensors.put(key, new HostTensor(DType.BF16, shape, data.flip()));
        return this;
    }

    /** A number from its bits. */
    AdapterFiles bits(String key, DType dtype, long bits) {
        ByteBuffer data = buffer(8).putLong(0, bits);
        tensors.put(key, new HostTensor(dtype, Shape.of(), data.limit(dtype.bytes())));
        return this;
    }

    /** Zeros of another dtype. */
    AdapterFiles zeros(String key, DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        int bytes = Math.toIntExact(shape.numel() * dtype.bytes());
        tensors.put(key, new HostTensor(dtype, shape, buffer(bytes)));
        return this;
    }

    /** A tensor from its bytes. */
    AdapterFiles bytes(String key, DType dtype, Shape shape, byte... bytes) {
        tensors.put(key, new HostTensor(dtype, shape, buffer(bytes.length).put(bytes).flip()));
        return this;
    }

    /** Both matrices in the PEFT names. */
    AdapterFiles pair(String module, int rank, int in, int out) {
        return tensor(module + ".lora_A.weight", rank, in)
                .tensor(module + ".lora_B.weight", out, rank);
    }

    AdapterFiles metadata(String key, String value) {
        metadata.put(key, value.replace('\'', '"'));
        return this;
    }

    Path write(Path file) {
        SafetensorsWriter.write(file, tensors, metadata);
        return file;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
