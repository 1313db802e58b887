package glance.tensor.block;

import java.nio.ByteBuffer;

/** Scale and offset of a group of elements; blocks begin or end with those of the whole block. */
interface BlockScales {
    /** Adding it changes no number, not even a zero. */
    float NO_OFFSET = -0.0f;

    /**
     * The scale of group {@code group} of the block at byte {@code block}.
     *
     * @param group counted from 0 in the block
     */
    float scale(ByteBuffer blocks, int block, int group);

    /** What is added to the scaled levels. */
    default float offset(ByteBuffer blocks, int block, int group) {
        return NO_OFFSET;
    }

    private static float half(ByteBuffer blocks, int at) {
        return SmallFloats.half(blocks.getShort(at));
    }

    /** One scale at the start, then the offset if there is one. */
    static BlockScales plain(boolean withOffset) {
        return new BlockScales() {
            @Override
            public float scale(ByteBuffer blocks, int block, int group) {
                return half(blocks, block);
            }

            @Override
            public float offset(ByteBuffer blocks, int block, int group) {
                return withOffset ? half(blocks, block + 2) : NO_OFFSET;
            }
        };
    }

    /** A byte for each group: 4 bits of scale, 4 of offset. */
    BlockScales Q2_K =
            new BlockScales() {
                @Override
                public float scale(ByteBuffer blocks, int block, int group) {
                    return half(blocks, block + 80) * (blocks.get(block + group) & 0xf);
                }

                @Override
                public float offset(ByteBuffer blocks, int block, int group) {
                    return -(half(blocks, block + 82) * (blocks.get(block + group) >> 4 & 0xf));
                }
            };

    /** 16 scales of 6 bits in 12 bytes: the low 4 bits in 8 of them, the high 2 in the others. */
    BlockScales Q3_K =
            (blocks, block, group) -> {
                int low = blocks.get(block + 96 + group % 8) >> 4 * (group / 8) & 0xf;
                int high = blocks.get(block + 104 + group % 4) >> 2 * (group / 4) & 3;
                return half(blocks, block + 108) * ((low | high << 4) - 32);
            };

    /**
     * 8 scales and 8 offsets of 6 bits in 12 bytes: the first four have a byte each; the low 4 bits
     * of the others share bytes, and their high 2 bits lie above the first four.
     */
    BlockScales Q4_K =
            new BlockScales() {
                @Override
                public float scale(ByteBuffer blocks, int block, int group) {
                    int bytes = block + 4 + group;
                    int bits =
                            group < 4
                                    ? blocks.get(bytes) & 63
                                    : blocks.get(bytes + 4) & 0xf
                                            | (blocks.get(bytes - 4) >> 6 & 3) << 4;
                    return half(blocks, block) * bits;
                }

                @Override
                public float offset(ByteBuffer blocks, int block, int group) {
                    int bytes = block + 8 + group;
                    int bits =
                            group < 4
                                    ? blocks.get(bytes) & 63
                                    : blocks.get(bytes) >> 4 & 0xf
                                            | (blocks.get(bytes - 4) >> 6 & 3) << 4;
                    return -(half(blocks, block + 2) * bits);
                }
            };

    /** A signed byte for each group. */
    BlockScales Q6_K =
            (blocks, block, group) -> half(blocks, block + 208) * blocks.get(block + 192 + group);

    /** 8 scales of 6 bits: the low 4 bits in 4 bytes, the high 2 in a word. */
    BlockScales IQ4_XS =
            (blocks, block, group) -> {
                int low = blocks.get(block + 4 + group / 2) >> 4 * (group % 2) & 0xf;
                int high = blocks.getShort(block + 2) >> 2 * group & 3;
                return half(blocks, block) * ((low | high << 4) - 32);
            };
}
