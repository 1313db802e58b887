package glance.io;

import glance.api.FormatException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file of tensors, mapped into memory: opening it reads only the header, and pages of data are
 * loaded by the operating system when they are touched.
 *
 * <p>Java unmaps a file when the last buffer over it is garbage. {@link #close} therefore only lets
 * go of the buffers held here; those handed out stay valid.
 */
public abstract sealed class TensorFile implements AutoCloseable permits SafetensorsFile, GgufFile {
    private final Path path;
    private final Map<String, String> metadata;
    private final Map<String, TensorInfo> tensors;
    private Map<String, ByteBuffer> slices;

    /** A tensor and where its data lies, in bytes from the start of the data. */
    record Entry(TensorInfo info, long begin) {
        long end() {
            return begin + info.bytes();
        }
    }

    /**
     * What a header says.
     *
     * @param metadata free strings
     * @param dataStart where the data begins in the file
     * @param entries the tensors in the order of their data
     */
    record Content(Map<String, String> metadata, long dataStart, List<Entry> entries) {}

    /**
     * @param windowBytes size of a mapping at most
     */
    TensorFile(Path path, FileChannel channel, Content content, int windowBytes)
            throws IOException {
        this.path = path;
        this.metadata = content.metadata();
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        content.entries().forEach(entry -> infos.put(entry.info().name(), entry.info()));
        this.tensors = Collections.unmodifiableMap(infos);
        this.slices = map(channel, content.dataStart(), content.entries(), windowBytes);
    }

    /** Bytes of a file, little-endian. */
    static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException("file became shorter while it was read");
            }
        }
        return buffer.flip();
    }

    /**
     * Maps the data in windows of whole tensors, few enough to stay far from the limit that
     * operating systems put on mappings. A tensor that fits no window is left out.
     */
    private static Map<String, ByteBuffer> map(
            FileChannel channel, long dataStart, List<Entry> entries, int windowBytes)
            throws IOException {
        Map<String, ByteBuffer> slices = new HashMap<>();
        int first = 0;
        while (first < entries.size()) {
            long begin = entries.get(first).begin();
            int last = first;
            while (last < entries.size() && entries.get(last).end() - begin <= windowBytes) {
                last++;
            }
            if (last == first) {
                first++;
                continue;
            }
            long bytes = entries.get(last - 1).end() - begin;
            ByteBuffer window =
                    channel.map(FileChannel.MapMode.READ_ONLY, dataStart + begin, bytes);
            for (Entry entry : entries.subList(first, last)) {
                int offset = (int) (entry.begin() - begin);
                slices.put(entry.info().name(), window.slice(offset, (int) entry.info().bytes()));
            }
            first = last;
        }
        return slices;
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** The free strings of the header. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** All tensors by name, in the order of their data in the file. */
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    /**
     * The data of one tensor: a read-only little-endian buffer over the mapped file, from position
     * 0 to the tensor's size. Its start need not be aligned.
     *
     * @throws IllegalArgumentException if there is no such tensor
     * @throws FormatException if the tensor is larger than one Java buffer (2 GiB)
     * @throws IllegalStateException if the file is closed
     */
    public ByteBuffer data(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw new IllegalArgumentException(path + ": no tensor named " + name);
        }
        Map<String, ByteBuffer> open = slices;
        if (open == null) {
            throw new IllegalStateException(path + ": read of " + name + " after close");
        }
        ByteBuffer slice = open.get(name);
        if (slice == null) {
            throw new FormatException(
                    path,
                    name,
                    "is " + info.bytes() + " bytes, over the limit of 2 GiB for one tensor",
                    "store it in a smaller dtype");
        }
        return slice.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** All tensors with their data, as {@link #data} gives it. */
    public Map<String, HostTensor> hostTensors() {
        Map<String, HostTensor> all = new LinkedHashMap<>();
        tensors.forEach(
                (name, info) ->
                        all.put(name, new HostTensor(info.dtype(), info.shape(), data(name))));
        return all;
    }

    /** Lets go of the mapping. Buffers that were handed out stay valid. */
    @Override
    public void close() {
        slices = null;
    }
}
