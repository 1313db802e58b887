package glance.io;

import glance.api.FormatException;
import glance.text.PrintableText;
import glance.text.UnicodeText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.InflaterInputStream;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;

/** The text chunks of a PNG: written through ImageIO's metadata trees, read within bounds. */
final class PngText {
    private static final String FORMAT = "javax_imageio_png_1.0";
    private static final String KEYWORD = "keyword";
    private static final int MAX_KEYWORD_CHARS = 79;
    private static final int MAX_TEXT_BYTES = 1 << 20;
    private static final int MAX_ENTRIES = 100;
    private static final String PLAIN = "tEXt";
    private static final String COMPRESSED = "zTXt";
    private static final String INTERNATIONAL = "iTXt";
    private static final List<String> TYPES = List.of(PLAIN, COMPRESSED, INTERNATIONAL);

    private PngText() {}

    /** Adds text to the metadata of a picture that is to be written. */
    static void put(IIOMetadata metadata, Map<String, String> text) {
        IIOMetadataNode plain = new IIOMetadataNode(PLAIN);
        IIOMetadataNode international = new IIOMetadataNode(INTERNATIONAL);
        text.forEach(
                (keyword, value) -> {
                    requireKeyword(keyword);
                    String clean = UnicodeText.wellFormed(value).replace('\0', '\ufffd');
                    if (isAscii(clean)) {
                        plain.appendChild(plainEntry(keyword, clean));
                    } else {
                        international.appendChild(internationalEntry(keyword, clean));
                    }
                });
        IIOMetadataNode root = new IIOMetadataNode(FORMAT);
        for (IIOMetadataNode chunks : new IIOMetadataNode[] {plain, international}) {
            if (chunks.hasChildNodes()) {
                root.appendChild(chunks);
            }
        }
        try {
            metadata.mergeTree(FORMAT, root);
        } catch (IIOInvalidTreeException e) {
            throw new IllegalStateException("PNG text was refused by ImageIO", e);
        }
    }

    private static IIOMetadataNode plainEntry(String keyword, String value) {
        IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
        entry.setAttribute(KEYWORD, keyword);
        entry.setAttribute("value", value);
        return entry;
    }

    private static IIOMetadataNode internationalEntry(String keyword, String value) {
        IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
        entry.setAttribute(KEYWORD, keyword);
        entry.setAttribute("compressionFlag", "FALSE");
        entry.setAttribute("compressionMethod", "0");
        entry.setAttribute("languageTag", "");
        entry.setAttribute("translatedKeyword", "");
        entry.setAttribute("text", value);
        return entry;
    }

    private static void requireKeyword(String keyword) {
        boolean valid =
                !keyword.isEmpty()
                        && keyword.length() <= MAX_KEYWORD_CHARS
                        && keyword.equals(keyword.strip())
                        && !keyword.contains("  ")
                        && keyword.chars().allMatch(c -> c >= ' ' && c < 0x7f);
        if (!valid) {
            throw new IllegalArgumentException(
                    "PNG keyword must be 1 to "
                            + MAX_KEYWORD_CHARS
                            + " ASCII characters without spaces around, got '"
                            + PrintableText.quoted(keyword)
                            + "'");
        }
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /**
     * The text of a file by keyword, in file order; of a repeated keyword, the first. Reading stops
     * where 1 MiB of text or 100 entries are full, and what unpacks to more is left out.
     *
     * @param wanted the keywords; the text of others is not even unpacked
     * @throws FormatException if the file is cut off
     */
    static Map<String, String> read(Path file, byte[] bytes, Predicate<String> wanted) {
        Map<String, String> text = new LinkedHashMap<>();
        int[] room = {MAX_TEXT_BYTES};
        PngChunks.visit(
                file,
                bytes,
                (type, start, length) -> {
                    if (TYPES.contains(type) && text.size() < MAX_ENTRIES && room[0] > 0) {
                        String keyword = keyword(bytes, start, length);
                        if (keyword != null && wanted.test(keyword) && !text.containsKey(keyword)) {
                            int from = keyword.length() + 1;
                            byte[] value = value(type, bytes, start + from, length - from, room[0]);
                            if (value != null && value.length <= room[0]) {
                                room[0] -= value.length;
                                text.put(keyword, new String(value, charset(type)));
                            }
                        }
                    }
                });
        return text;
    }

    private static Charset charset(String type) {
        return type.equals(INTERNATIONAL) ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
    }

    /** What stands before the first NUL, or null if that is not found where it has to be. */
    private static String keyword(byte[] bytes, int start, int length) {
        int end = endOfString(bytes, start, start + Math.min(length, MAX_KEYWORD_CHARS + 1));
        return end < 0 ? null : new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }

    /**
     * The text behind a keyword, at most a byte more than {@code limit}; null if it is malformed.
     *
     * <pre>
     * tEXt  text
     * zTXt  method (1 byte, 0), deflated text
     * iTXt  compressed (1 byte), method (1 byte, 0), language NUL, translated keyword NUL, text
     * </pre>
     */
    private static byte[] value(String type, byte[] bytes, int start, int length, int limit) {
        int end = start + length;
        if (type.equals(COMPRESSED)) {
            return inflated(bytes, start + 1, end, limit);
        }
        int from = start;
        boolean deflated = false;
        if (type.equals(INTERNATIONAL)) {
            int language = length < 2 ? -1 : endOfString(bytes, start + 2, end);
            int translated = language < 0 ? -1 : endOfString(bytes, language + 1, end);
            if (translated < 0) {
                return null;
            }
            deflated = bytes[start] != 0;
            from = translated + 1;
        }
        return deflated
                ? inflated(bytes, from, end, limit)
                : Arrays.copyOfRange(bytes, from, Math.min(end, from + limit + 1));
    }

    private static int endOfString(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == 0) {
                return i;
            }
        }
        return -1;
    }

    private static byte[] inflated(byte[] bytes, int from, int to, int limit) {
        if (from > to) {
            return null;
        }
        try (InflaterInputStream in =
                new InflaterInputStream(new ByteArrayInputStream(bytes, from, to - from))) {
            return in.readNBytes(limit + 1);
        } catch (IOException e) {
            return null;
        }
    }
}
