package glance.io;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes safetensors files that the reference reader accepts: wide element types first and then by
 * name, so that every tensor is aligned to its element; the header padded with spaces to 8 bytes.
 */
public final class SafetensorsWriter {
    private static final int ALIGNMENT_BYTES = 8;

    private SafetensorsWriter() {}

    /**
     * Writes or replaces a file. The buffers are not modified.
     *
     * @param file the target; its folder must exist
     * @param tensors the tensors by name
     * @param metadata free strings for the header, may be empty
     * @throws IllegalArgumentException if a tensor has the reserved name {@code __metadata__} or is
     *     quantised in blocks, or the header would be larger than readers accept
     * @throws java.io.UncheckedIOException if writing fails; nothing is left behind
     */
    public static void write(
            Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) ->
                        sources.put(
                                name,
                                new TensorSource(tensor.dtype(), tensor.shape(), tensor::data)));
        stream(file, sources, metadata);
    }

    /**
     * As {@link #write}, tensor by tensor. What a source throws ends the writing.
     *
     * @throws IllegalArgumentException if a tensor has the reserved name {@code __metadata__} or is
     *     quantised in blocks, or the header would be larger than readers accept
     * @throws java.io.UncheckedIOException if writing fails; nothing is left behind
     */
    public static void stream(
            Path file, Map<String, TensorSource> tensors, Map<String, String> metadata) {
        if (tensors.containsKey(SafetensorsHeader.METADATA_KEY)) {
            throw new IllegalArgumentException(
                    file + ": a tensor cannot be named " + SafetensorsHeader.METADATA_KEY);
        }
        tensors.forEach(
                (name, source) -> {
                    if (source.dtype().isQuantised()) {
                        throw new IllegalArgumentException(
                                file + ": " + name + ": the format has no " + source.dtype());
                    }
                });
        Comparator<Map.Entry<String, TensorSource>> widestFirst =
                Comparator.comparingDouble(entry -> -entry.getValue().dtype().bits());
        List<Map.Entry<String, TensorSource>> ordered =
                tensors.entrySet().stream()
                        .sorted(widestFirst.thenComparing(Map.Entry.comparingByKey()))
                        .toList();
        SafeWrite.write(
                file,
                channel -> {
                    TensorSource.write(channel, header(file, ordered, metadata));
                    for (Map.Entry<String, TensorSource> entry : ordered) {
                        entry.getValue().writeTo(channel, entry.getKey());
                    }
                });
    }

    private static ByteBuffer header(
            Path file, List<Map.Entry<String, TensorSource>> ordered, Map<String, String> metadata)
            throws IOException {
        StringWriter json = new StringWriter();
        try (JsonGenerator out = Json.MAPPER.createGenerator(json)) {
            out.writeStartObject();
            if (!metadata.isEmpty()) {
                out.writeObjectField(SafetensorsHeader.METADATA_KEY, metadata);
            }
            long begin = 0;
            for (Map.Entry<String, TensorSource> entry : ordered) {
                TensorSource tensor = entry.getValue();
                long end = begin + tensor.bytes();
                out.writeObjectFieldStart(entry.getKey());
                out.writeStringField("dtype", tensor.dtype().name());
                out.writeFieldName("shape");
                int[] dims = tensor.shape().dims();
                out.writeArray(dims, 0, dims.length);
                out.writeFieldName("data_offsets");
                out.writeArray(new long[] {begin, end}, 0, 2);
                out.writeEndObject();
                begin = end;
            }
            out.writeEndObject();
        }
        // A new encoder refuses what is not Unicode text; getBytes would write question marks.
        ByteBuffer utf8 =
                StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json.getBuffer()));
        int padded = (utf8.remaining() + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        if (padded > SafetensorsHeader.MAX_HEADER_BYTES) {
            throw new IllegalArgumentException(
                    file
                            + ": header of "
                            + padded
                            + " bytes is over the limit of "
                            + SafetensorsHeader.MAX_HEADER_BYTES
                            + ", split the file");
        }
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(utf8);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }
}
