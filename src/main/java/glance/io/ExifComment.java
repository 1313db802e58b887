package glance.io;

import com.drew.imaging.ImageMetadataReader;
import com.drew.imaging.ImageProcessingException;
import com.drew.metadata.exif.ExifSubIFDDirectory;
import com.twelvemonkeys.imageio.metadata.exif.EXIF;
import com.twelvemonkeys.imageio.metadata.tiff.IFD;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFEntry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFWriter;
import glance.text.UnicodeText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * The EXIF tag UserComment (Exif 2.32, section 4.6.5): eight bytes that name the character code,
 * then the text. Written as UTF-16, big-endian, as programs that put settings there do.
 */
final class ExifComment {
    /** What a JPEG segment holds: its length has 16 bits and counts itself. */
    private static final int MAX_SEGMENT_BYTES = 0xffff - Short.BYTES;

    private static final byte[] SEGMENT_NAME = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final String FORMAT = "javax_imageio_jpeg_image_1.0";
    private static final int APP1 = 0xe1;
    private static final int CODE_BYTES = 8;
    private static final String UNICODE = "UNICODE\0";

    private ExifComment() {}

    /**
     * Adds a comment to the metadata of a JPEG that is to be written.
     *
     * @throws IllegalArgumentException if it does not fit into a segment
     */
    static void put(IIOMetadata metadata, String comment) {
        IIOMetadataNode app1 = new IIOMetadataNode("unknown");
        app1.setAttribute("MarkerTag", Integer.toString(APP1));
        app1.setUserObject(
                segment(comment)
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "the settings are too long for a JPEG, which holds"
                                                        + " about 32,000 characters; write a PNG")));
        IIOMetadataNode sequence = new IIOMetadataNode("markerSequence");
        sequence.appendChild(app1);
        IIOMetadataNode root = new IIOMetadataNode(FORMAT);
        root.appendChild(new IIOMetadataNode("JPEGvariety"));
        root.appendChild(sequence);
        try {
            metadata.mergeTree(FORMAT, root);
        } catch (IIOInvalidTreeException e) {
            throw new IllegalStateException("EXIF was refused by ImageIO", e);
        }
    }

    /** The content of a JPEG's APP1 segment, or empty if the text does not fit into one. */
    static Optional<byte[]> segment(String comment) {
        byte[] text = UnicodeText.wellFormed(comment).getBytes(StandardCharsets.UTF_16BE);
        ByteBuffer value = ByteBuffer.allocate(CODE_BYTES + text.length);
        value.put(UNICODE.getBytes(StandardCharsets.US_ASCII)).put(text);
        IFD exif =
                new IFD(
                        List.of(
                                new TIFFEntry(
                                        EXIF.TAG_USER_COMMENT,
                                        TIFF.TYPE_UNDEFINED,
                                        value.array())));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(SEGMENT_NAME);
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            out.setByteOrder(ByteOrder.BIG_ENDIAN);
            new TIFFWriter()
                    .write(List.of(new TIFFEntry(TIFF.TAG_EXIF_IFD, TIFF.TYPE_LONG, exif)), out);
        } catch (IOException e) {
            throw new IllegalStateException("EXIF cannot be written to memory", e);
        }
        return bytes.size() > MAX_SEGMENT_BYTES
                ? Optional.empty()
                : Optional.of(bytes.toByteArray());
    }

    /** The comment of a JPEG or WebP file, if it has one that can be read. */
    static Optional<String> of(byte[] file) {
        try {
            ExifSubIFDDirectory exif =
                    ImageMetadataReader.readMetadata(new ByteArrayInputStream(file), file.length)
                            .getFirstDirectoryOfType(ExifSubIFDDirectory.class);
            byte[] value =
                    exif == null ? null : exif.getByteArray(ExifSubIFDDirectory.TAG_USER_COMMENT);
            return value == null || value.length <= CODE_BYTES
                    ? Optional.empty()
                    : Optional.of(text(value));
        } catch (ImageProcessingException | IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static String text(byte[] value) {
        String code = new String(value, 0, CODE_BYTES, StandardCharsets.ISO_8859_1);
        byte[] text = Arrays.copyOfRange(value, CODE_BYTES, value.length);
        return new String(text, code.equals(UNICODE) ? utf16(text) : StandardCharsets.UTF_8);
    }

    /** The tag does not say the byte order: in most scripts the high bytes are the more uniform. */
    private static Charset utf16(byte[] text) {
        int even = 0;
        int odd = 0;
        for (int i = 0; i + 1 < text.length; i += 2) {
            even += text[i] == 0 ? 1 : 0;
            odd += text[i + 1] == 0 ? 1 : 0;
        }
        return odd > even ? StandardCharsets.UTF_16LE : StandardCharsets.UTF_16BE;
    }
}
