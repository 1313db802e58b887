package glance.backend.cuda.driver;

import io.airlift.compress.zstd.ZstdDecompressor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What is in a fatbin of nvcc: a header of 16 bytes, then entries, each with a header (kind at 0,
 * bytes of the header at 4, of the content at 8, of the compressed content without padding at 16,
 * architecture at 28, bytes of the expanded content at 56) and its content, here compressed by
 * Zstandard. NVIDIA does not publish this; it was read off files and checked with the compiler's
 * own.
 */
final class Fatbin {
    private static final int MAGIC = 0xba55ed50;
    private static final int ELF = 2;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ABI_VERSION_AT = 8; // EI_ABIVERSION

    private Fatbin() {}

    /**
     * One piece of code.
     *
     * @param isMachineCode and not PTX
     * @param architecture as in 90 for sm_90
     * @param abiVersion of the machine code
     */
    record Entry(boolean isMachineCode, int architecture, int abiVersion) {}

    static List<Entry> entries(byte[] file) {
        ByteBuffer fatbin = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (fatbin.getInt(0) != MAGIC) {
            throw new IllegalArgumentException("not a fatbin");
        }
        List<Entry> entries = new ArrayList<>();
        int at = fatbin.getShort(6);
        while (at < file.length) {
            int header = fatbin.getInt(at + 4);
            entries.add(entry(fatbin, at, at + header));
            at += header + Math.toIntExact(fatbin.getLong(at + 8));
        }
        return entries;
    }

    private static Entry entry(ByteBuffer fatbin, int at, int content) {
        boolean machineCode = fatbin.getShort(at) == ELF;
        byte[] expanded = new byte[Math.toIntExact(fatbin.getLong(at + 56))];
        new ZstdDecompressor()
                .decompress(
                        fatbin.array(),
                        content,
                        fatbin.getInt(at + 16),
                        expanded,
                        0,
                        expanded.length);
        ByteBuffer code = ByteBuffer.wrap(expanded).order(ByteOrder.LITTLE_ENDIAN);
        if (machineCode && code.getInt(0) != ELF_MAGIC) {
            throw new IllegalArgumentException("not an ELF file");
        }
        int abi = machineCode ? code.get(ABI_VERSION_AT) : 0;
        return new Entry(machineCode, fatbin.getInt(at + 28), abi);
    }
}
