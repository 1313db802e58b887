package glance.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript file made without Python: a zip of source text and the pickle of a module without
 * parameters. So the peer runs PyTorch's own fused operations ({@code
 * scaled_dot_product_attention}, tanh GELU), which DJL's NDArray does not offer, and one call
 * crosses JNI once.
 */
final class TorchArchive {
    /** Pickle protocol 2 of {@code __torch__.Peer} with state {@code {"training": False}}. */
    private static final String MODULE =
            "\u0080\u0002c__torch__\nPeer\n)\u0081}(X\b\0\0\0training\u0089ub.";

    /** Pickle protocol 2 of the empty tuple. */
    private static final String NO_CONSTANTS = "\u0080\u0002).";

    /** An older one would select older operators: gelu without {@code approximate}. */
    private static final String FORMAT_VERSION = "10\n";

    private TorchArchive() {}

    /** The archive of the module in {@code peer.py}. */
    static byte[] peer() throws IOException {
        byte[] source;
        try (InputStream in = TorchArchive.class.getResourceAsStream("peer.py")) {
            source = in.readAllBytes();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "data.pkl", MODULE.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "code/__torch__.py", source);
            store(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    /** PyTorch reads entries that are stored, not compressed. */
    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry("peer/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
