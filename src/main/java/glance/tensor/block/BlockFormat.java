package glance.tensor.block;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * What the bytes of a quantised block say: {@code value = scale * level + offset}, with a level for
 * each element and scale and offset for each group of elements. Each operation is rounded once, as
 * in the public dequantisers of GGUF, so values are theirs to the bit. The kernel header
 * quantised.cuh has the same table.
 *
 * <pre>
 *         block   group  level                        scale                      offset
 * Q8_0    32      32     int8                         d
 * Q4_0    32      32     4 bits - 8                   d
 * Q4_1    32      32     4 bits                       d                          m
 * Q5_0    32      32     4 + 1 bits - 16              d
 * Q5_1    32      32     4 + 1 bits                   d                          m
 * Q2_K    256     16     2 bits                       d (4 bits)                 -m (4 bits)
 * Q3_K    256     16     2 + 1 bits - 4               d (6 bits - 32)
 * Q4_K    256     32     4 bits                       d (6 bits)                 -m (6 bits)
 * Q5_K    256     32     4 + 1 bits                   d (6 bits)                 -m (6 bits)
 * Q6_K    256     16     4 + 2 bits - 32              d (int8)
 * IQ4_NL  32      32     of a table, by 4 bits        d
 * IQ4_XS  256     32     of a table, by 4 bits        d (6 bits - 32)
 * </pre>
 *
 * Q8_0, Q4_0, Q5_0, Q4_K and Q6_K are written too, the first three to the bit as the reference
 * does.
 */
public final class BlockFormat {
    private static final byte[] TABLE = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private static final Map<DType, BlockQuantiser> QUANTISERS =
            Map.of(
                    DType.Q8_0,
                    BlockQuantiser.Q8_0,
                    DType.Q4_0,
                    BlockQuantiser.plain(8),
                    DType.Q5_0,
                    BlockQuantiser.plain(16),
                    DType.Q4_K,
                    new Q4KQuantiser(),
                    DType.Q6_K,
                    new Q6KQuantiser());

    /** The largest half: scales of larger numbers would not be finite. */
    private static final float LARGEST = 65504;

    private static final Map<DType, BlockFormat> ALL = new EnumMap<>(DType.class);

    static {
        BlockScales scale = BlockScales.plain(false);
        BlockScales scaleAndOffset = BlockScales.plain(true);
        Plane nibbles = new Plane(2, 4, 32);
        add(DType.Q8_0, 32, scale, 0, new Plane(2, 8, 32));
        add(DType.Q4_0, 32, scale, -8, nibbles);
        add(DType.Q4_1, 32, scaleAndOffset, 0, new Plane(4, 4, 32));
        add(DType.Q5_0, 32, scale, -16, new Plane(6, 4, 32), new Plane(2, 1, 8));
        add(DType.Q5_1, 32, scaleAndOffset, 0, new Plane(8, 4, 32), new Plane(4, 1, 8));
        add(DType.Q2_K, 16, BlockScales.Q2_K, 0, new Plane(16, 2, 128));
        add(DType.Q3_K, 16, BlockScales.Q3_K, -4, new Plane(32, 2, 128), new Plane(0, 1, 256));
        add(DType.Q4_K, 32, BlockScales.Q4_K, 0, new Plane(16, 4, 64));
        add(DType.Q5_K, 32, BlockScales.Q4_K, 0, new Plane(48, 4, 64), new Plane(16, 1, 256));
        add(DType.Q6_K, 16, BlockScales.Q6_K, -32, new Plane(0, 4, 128), new Plane(128, 2, 128));
        put(new BlockFormat(DType.IQ4_NL, 32, scale, 0, TABLE, nibbles));
        put(new BlockFormat(DType.IQ4_XS, 32, BlockScales.IQ4_XS, 0, TABLE, new Plane(8, 4, 32)));
    }

    private final DType dtype;
    private final int group;
    private final BlockScales scales;
    private final int bias;
    private final byte[] table; // of levels, or null
    private final Plane[] planes;
    private final Runs runs; // or null

    /**
     * Some bits of each level. In every {@code chunk} elements the first ones have the lowest bits
     * of a row of bytes, one each; the next ones have the bits above, and so on.
     *
     * @param at where the bytes begin in a block
     * @param bits 8 for signed bytes
     */
    private record Plane(int at, int bits, int chunk) {
        int rowBytes() {
            return chunk * bits / Byte.SIZE;
        }

        int mask() {
            return bits == Byte.SIZE ? -1 : (1 << bits) - 1;
        }
    }

    /**
     * Where the levels of a block lie, cut into runs: so many elements of one group that have a
     * byte each, one behind the other.
     *
     * @param from first byte of each run, counted from that of the block
     * @param shift where the bits of a level begin in their byte
     */
    private record Runs(int elements, int[] from, int[] shift) {
        static Runs of(Plane plane, int group, int blockElements) {
            int row = plane.rowBytes();
            int elements = Math.min(group, row);
            int[] from = new int[blockElements / elements];
            int[] shift = new int[from.length];
            for (int run = 0; run < from.length; run++) {
                int element = run * elements;
                int inChunk = element % plane.chunk();
                from[run] = plane.at() + element / plane.chunk() * row + inChunk % row;
                shift[run] = plane.bits() * (inChunk / row);
            }
            return new Runs(elements, from, shift);
        }
    }

    private BlockFormat(
            DType dtype, int group, BlockScales scales, int bias, byte[] table, Plane... planes) {
        this.dtype = dtype;
        this.group = group;
        this.scales = scales;
        this.bias = bias;
        this.table = table;
        this.planes = planes;
        this.runs = isExpandable() ? Runs.of(planes[0], group, dtype.blockElements()) : null;
    }

    private static void add(DType dtype, int group, BlockScales scales, int bias, Plane... planes) {
        put(new BlockFormat(dtype, group, scales, bias, null, planes));
    }

    private static void put(BlockFormat format) {
        ALL.put(format.dtype, format);
    }

    /**
     * The format of a quantised type.
     *
     * @throws IllegalArgumentException if the type is none
     */
    public static BlockFormat of(DType dtype) {
        BlockFormat format = ALL.get(dtype);
        if (format == null) {
            throw new IllegalArgumentException(dtype + " is no quantised type");
        }
        return format;
    }

    /**
     * Fills {@code target} with the values of {@code count} elements, from element {@code start} of
     * {@code blocks} on; neither end needs to be that of a block.
     *
     * @param blocks little-endian, read from its byte 0 on
     */
    public void read(ByteBuffer blocks, long start, float[] target, int at, int count) {
        int done = 0;
        while (done < count) {
            long element = start + done;
            int inBlock = (int) (element % dtype.blockElements());
            int block = Math.toIntExact(element / dtype.blockElements() * dtype.blockBytes());
            int length = Math.min(count - done, group - inBlock % group);
            group(blocks, block, inBlock, target, at + done, length);
            done += length;
        }
    }

    /** The inner loop of {@link #expand}. */
    @FunctionalInterface
    public interface Expansion {
        /**
         * {@code target[at + i] = scale * ((bytes[from + i] >> shift & mask) + bias) + offset},
         * each operation rounded once.
         */
        void expand(
                byte[] bytes,
                int from,
                int shift,
                int mask,
                int bias,
                float scale,
                float offset,
                float[] target,
                int at,
                int count);
    }

    /** Whether {@link #expand} takes the format: each level lies in the bits of one byte. */
    public boolean isExpandable() {
        return planes.length == 1 && planes[0].rowBytes() > 1 && table == null;
    }

    /**
     * What {@link #read} does, for whole blocks and with another inner loop.
     *
     * @param blocks little-endian and on an array, read from its byte {@code from} on
     * @param count elements, of whole blocks
     */
    public void expand(
            ByteBuffer blocks, int from, float[] target, int at, int count, Expansion loop) {
        byte[] bytes = blocks.array();
        int mask = planes[0].mask();
        int length = runs.elements;
        int block = from;
        for (int done = 0; done < count; block += dtype.blockBytes()) {
            float scale = 0;
            float offset = 0;
            for (int run = 0; run < runs.from.length; run++, done += length) {
                int first = run * length;
                if (first % group == 0) {
                    scale = scales.scale(blocks, block, first / group);
                    offset = scales.offset(blocks, block, first / group);
                }
                int levels = block + runs.from[run];
                int shift = runs.shift[run];
                int to = at + done;
                loop.expand(bytes, levels, shift, mask, bias, scale, offset, target, to, length);
            }
        }
    }

    /** Whether numbers can be stored in a type, and not only read. */
    public static boolean isWritten(DType dtype) {
        return QUANTISERS.containsKey(dtype);
    }

    /**
     * Stores numbers as blocks, which are whole and written from element {@code start} of {@code
     * blocks} on. What is written depends on the values of each block alone.
     *
     * @param blocks little-endian, written from its byte 0 on
     * @throws IllegalArgumentException if the type is only read, start or length lie within a
     *     block, or a number is not finite or beyond 65504
     */
    public void write(ByteBuffer blocks, long start, float[] values) {
        BlockQuantiser quantiser = QUANTISERS.get(dtype);
        if (quantiser == null) {
            throw new IllegalArgumentException(dtype + " is read, not written");
        }
        for (float value : values) {
            if (!(Math.abs(value) <= LARGEST)) {
                throw new IllegalArgumentException(
                        dtype + " holds numbers up to " + (int) LARGEST + ", got " + value);
            }
        }
        int to = Math.toIntExact(dtype.bytes(start));
        int end = to + Math.toIntExact(dtype.bytes(values.length));
        int[] levels = new int[dtype.blockElements()];
        byte[] block = new byte[dtype.blockBytes()];
        for (int at = 0; to < end; to += block.length, at += levels.length) {
            Arrays.fill(block, (byte) 0);
            quantiser.quantise(values, at, block, levels);
            for (int p = 0, shift = 0; p < planes.length; shift += planes[p].bits(), p++) {
                put(planes[p], shift, levels, block);
            }
            blocks.put(to, block);
        }
    }

    /** Adds the bits of a plane to a block. */
    private static void put(Plane plane, int weight, int[] levels, byte[] block) {
        int row = plane.rowBytes();
        int mask = (1 << plane.bits()) - 1;
        int element = 0;
        for (int to = plane.at(); element < levels.length; to += row) {
            for (int shift = 0; shift < Byte.SIZE; shift += plane.bits()) {
                for (int i = 0; i < row; i++, element++) {
                    block[to + i] |= (byte) ((levels[element] >> weight & mask) << shift);
                }
            }
        }
    }

    /** Elements of one group. */
    private void group(ByteBuffer blocks, int block, int first, float[] target, int at, int count) {
        for (int p = 0, shift = 0; p < planes.length; shift += planes[p].bits(), p++) {
            levels(planes[p], shift, blocks, block, first, target, at, count);
        }
        float scale = scales.scale(blocks, block, first / group);
        float offset = scales.offset(blocks, block, first / group);
        for (int i = at; i < at + count; i++) {
            float level = table == null ? target[i] + bias : table[(int) target[i]];
            target[i] = scale * level + offset;
        }
    }

    /** Adds the bits of a plane, or sets them where it is the first. */
    private static void levels(
            Plane plane,
            int weight,
            ByteBuffer blocks,
            int block,
            int first,
            float[] target,
            int at,
            int count) {
        int row = plane.rowBytes();
        int mask = plane.mask();
        int done = 0;
        while (done < count) {
            int element = first + done;
            int inChunk = element % plane.chunk();
            int from = block + plane.at() + element / plane.chunk() * row + inChunk % row;
            int shift = plane.bits() * (inChunk / row);
            // neighbours are in the next byte, or above in the same where a row is one byte
            int step = row > 1 ? 1 : 0;
            int turn = row > 1 ? 0 : plane.bits();
            int left = row > 1 ? row - inChunk % row : plane.chunk() - inChunk;
            int length = Math.min(count - done, left);
            int to = at + done;
            for (int i = 0; i < length; i++) {
                int bits = (blocks.get(from + step * i) >> shift + turn * i & mask) << weight;
                target[to + i] = weight == 0 ? bits : target[to + i] + bits;
            }
            done += length;
        }
    }
}
