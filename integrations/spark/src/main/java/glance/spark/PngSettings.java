package glance.spark;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The settings that the engine writes into a PNG. */
final class PngSettings {
    private static final String FORMAT = "javax_imageio_png_1.0";

    private PngSettings() {}

    /** The texts of a PNG by keyword. */
    static Map<String, String> of(byte[] png) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(png))) {
            reader.setInput(in);
            Element root = (Element) reader.getImageMetadata(0).getAsTree(FORMAT);
            Map<String, String> texts = new HashMap<>();
            put(texts, root.getElementsByTagName("tEXtEntry"), "value");
            put(texts, root.getElementsByTagName("iTXtEntry"), "text");
            return texts;
        } finally {
            reader.dispose();
        }
    }

    private static void put(Map<String, String> texts, NodeList entries, String value) {
        for (int i = 0; i < entries.getLength(); i++) {
            Element entry = (Element) entries.item(i);
            texts.put(entry.getAttribute("keyword"), entry.getAttribute(value));
        }
    }
}
