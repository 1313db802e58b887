package glance.cases;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Quantised blocks with any levels, and scales that keep the values near one; or whole numbers. */
public final class RandomBlocks {
    private RandomBlocks() {}

    /** Blocks of so many elements; the same seed gives the same ones. */
    public static ByteBuffer of(DType type, long elements, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[Math.toIntExact(type.bytes(elements))];
        random.nextBytes(bytes);
        // direct, as a mapped file is
        ByteBuffer blocks = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        blocks.put(bytes).rewind();
        for (int block = 0; block < bytes.length; block += type.blockBytes()) {
            for (int scale : scales(type)) {
                int half = random.nextInt(2) << 15 | 0x0c00 + random.nextInt(0x400);
                blocks.putShort(block + scale, (short) half);
            }
        }
        return blocks;
    }

    /** Where the 16-bit floats of a block are. */
    private static int[] scales(DType type) {
        return switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            case I8 -> new int[0];
            default -> new int[] {0};
        };
    }
}
