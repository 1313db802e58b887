package glance.io;

import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The text chunks of a PNG, as ImageIO's metadata trees hold them. */
final class PngText {
    private static final String FORMAT = "javax_imageio_png_1.0";
    private static final String KEYWORD = "keyword";
    private static final int MAX_KEYWORD_CHARS = 79;

    private PngText() {}

    /** Adds text to the metadata of a picture that is to be written. */
    static void put(IIOMetadata metadata, Map<String, String> text) {
        IIOMetadataNode plain = new IIOMetadataNode("tEXt");
        IIOMetadataNode international = new IIOMetadataNode("iTXt");
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
                            + FormatException.printable(keyword)
                            + "'");
        }
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /** The text of a picture that was read; of a repeated keyword, the first. */
    static Map<String, String> get(IIOMetadata metadata) {
        Map<String, String> text = new LinkedHashMap<>();
        Node root = metadata.getAsTree(FORMAT);
        for (Node chunks = root.getFirstChild(); chunks != null; chunks = chunks.getNextSibling()) {
            String attribute =
                    switch (chunks.getNodeName()) {
                        case "tEXt" -> "value";
                        case "zTXt", "iTXt" -> "text";
                        default -> null;
                    };
            if (attribute != null) {
                NodeList entries = chunks.getChildNodes();
                for (int i = 0; i < entries.getLength(); i++) {
                    IIOMetadataNode entry = (IIOMetadataNode) entries.item(i);
                    text.putIfAbsent(entry.getAttribute(KEYWORD), entry.getAttribute(attribute));
                }
            }
        }
        return text;
    }
}
