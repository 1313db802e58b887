package glance.io;

import glance.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes GGUF files of version 3, tensor by tensor: the header, as {@link GgufHeader} draws it,
 * then the data in the order of the tensors, each padded with zeros to 32 bytes.
 */
public final class GgufWriter {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int MOST_DIMENSIONS = 4;

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();

    private GgufWriter() {}

    /**
     * Writes or replaces a file. What a source throws ends the writing. A tensor of more than four
     * dimensions is written as a matrix, with its shape in a key {@code
     * comfy.gguf.orig_shape.NAME}.
     *
     * @param file the target; its folder must exist
     * @param tensors by name
     * @param keys values of the header: a String, an Integer (unsigned), or an {@code int[]}
     * @throws IllegalArgumentException if a tensor is of a type that the format has no number for
     * @throws java.io.UncheckedIOException if writing fails; nothing is left behind
     */
    public static void stream(
            Path file, Map<String, TensorSource> tensors, Map<String, Object> keys) {
        ByteBuffer header = new GgufWriter().header(tensors, keys);
        SafeWrite.write(
                file,
                channel -> {
                    TensorSource.write(channel, header);
                    for (Map.Entry<String, TensorSource> tensor : tensors.entrySet()) {
                        tensor.getValue().writeTo(channel, tensor.getKey());
                        TensorSource.write(
                                channel, ByteBuffer.allocate(padding(tensor.getValue().bytes())));
                    }
                });
    }

    private ByteBuffer header(Map<String, TensorSource> tensors, Map<String, Object> given) {
        Map<String, Object> keys = new LinkedHashMap<>(given);
        tensors.forEach(
                (name, tensor) -> {
                    if (tensor.shape().rank() > MOST_DIMENSIONS) {
                        keys.put(GgufHeader.ORIGINAL_SHAPE + name, tensor.shape().dims());
                    }
                });
        header.writeBytes(GgufFile.MAGIC);
        word(VERSION);
        number(tensors.size());
        number(keys.size());
        keys.forEach(this::key);
        long offset = 0;
        for (Map.Entry<String, TensorSource> tensor : tensors.entrySet()) {
            tensor(tensor.getKey(), tensor.getValue(), offset);
            offset += tensor.getValue().bytes() + padding(tensor.getValue().bytes());
        }
        header.writeBytes(new byte[padding(header.size())]);
        return ByteBuffer.wrap(header.toByteArray());
    }

    private void key(String key, Object value) {
        text(key);
        if (value instanceof String text) {
            word(GgufHeader.Value.STRING);
            text(text);
        } else if (value instanceof Integer number) {
            word(GgufHeader.Value.U32);
            word(number);
        } else {
            int[] numbers = (int[]) value;
            word(GgufHeader.Value.ARRAY);
            word(GgufHeader.Value.I32);
            number(numbers.length);
            for (int number : numbers) {
                word(number);
            }
        }
    }

    private void tensor(String name, TensorSource tensor, long offset) {
        Shape shape = tensor.shape();
        if (shape.rank() > MOST_DIMENSIONS) {
            int columns = Arrays.stream(shape.dims()).skip(1).reduce(1, Math::multiplyExact);
            shape = Shape.of(shape.dim(0), columns);
        }
        text(name);
        word(shape.rank());
        for (int i = shape.rank() - 1; i >= 0; i--) {
            number(shape.dim(i));
        }
        word(GgufType.number(tensor.dtype()));
        number(offset);
    }

    private static int padding(long position) {
        return Math.floorMod(-position, ALIGNMENT);
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        header.writeBytes(bytes);
    }

    private void word(int value) {
        header.writeBytes(little(Integer.BYTES).putInt(value).array());
    }

    private void number(long value) {
        header.writeBytes(little(Long.BYTES).putLong(value).array());
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
