import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Node;

/**
 * Puts pictures of the engine into a grid, each enlarged threefold without blur, with its prompt
 * below, and its strength if it started from a picture; others with the names of their files. Needs
 * no build: java scripts/Gallery.java OUT.png PICTURE.png...
 */
public class Gallery {
    private static final int COLUMNS = 4;
    private static final int SCALE = 3;
    private static final int GAP = 12;
    private static final int LINES = 3;
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    public static void main(String[] args) throws IOException {
        List<BufferedImage> pictures = new ArrayList<>();
        List<String> prompts = new ArrayList<>();
        for (int i = 1; i < args.length; i++) {
            try (ImageInputStream in = ImageIO.createImageInputStream(new File(args[i]))) {
                ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
                reader.setInput(in);
                pictures.add(reader.read(0));
                Node root = reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
                prompts.add(caption(root, new File(args[i]).getName()));
            }
        }
        ImageIO.write(grid(pictures, prompts), "png", new File(args[0]));
    }

    private static String caption(Node root, String file) {
        String prompt = text(root, "prompt");
        String strength = text(root, "strength");
        if (prompt.isEmpty()) {
            return file;
        }
        return strength.isEmpty() ? prompt : prompt + ", strength " + strength;
    }

    /** Text of a keyword: an attribute of tEXt and iTXt entries below the root. */
    private static String text(Node node, String keyword) {
        if (node.getAttributes() != null && node.getAttributes().getNamedItem("keyword") != null) {
            boolean wanted =
                    node.getAttributes().getNamedItem("keyword").getNodeValue().equals(keyword);
            Node value = node.getAttributes().getNamedItem("value");
            Node text = value == null ? node.getAttributes().getNamedItem("text") : value;
            return wanted ? text.getNodeValue() : "";
        }
        String found = "";
        for (Node child = node.getFirstChild(); child != null; child = child.getNextSibling()) {
            found = found.isEmpty() ? text(child, keyword) : found;
        }
        return found;
    }

    private static BufferedImage grid(List<BufferedImage> pictures, List<String> prompts) {
        int side = SCALE * pictures.get(0).getWidth();
        int lineHeight = FONT.getSize() + 3;
        int cellHeight = side + LINES * lineHeight + GAP;
        int rows = (pictures.size() + COLUMNS - 1) / COLUMNS;
        BufferedImage sheet =
                new BufferedImage(
                        COLUMNS * (side + GAP) + GAP,
                        rows * (cellHeight + GAP),
                        BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
        g.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setFont(FONT);
        for (int i = 0; i < pictures.size(); i++) {
            int x = GAP + i % COLUMNS * (side + GAP);
            int y = GAP + i / COLUMNS * (cellHeight + GAP);
            g.drawImage(pictures.get(i), x, y, side, side, null);
            // White pictures need an edge to be seen on a white page.
            g.setColor(Color.LIGHT_GRAY);
            g.drawRect(x - 1, y - 1, side + 1, side + 1);
            g.setColor(Color.BLACK);
            List<String> lines = wrap(prompts.get(i), side, g.getFontMetrics());
            for (int k = 0; k < lines.size(); k++) {
                g.drawString(lines.get(k), x, y + side + (k + 1) * lineHeight);
            }
        }
        g.dispose();
        return sheet;
    }

    private static List<String> wrap(String text, int width, FontMetrics metrics) {
        List<String> lines = new ArrayList<>();
        for (String word : text.split(" ")) {
            int last = lines.size() - 1;
            String longer = lines.isEmpty() ? word : lines.get(last) + " " + word;
            if (lines.isEmpty() || metrics.stringWidth(longer) > width) {
                lines.add(word);
            } else {
                lines.set(last, longer);
            }
        }
        return lines;
    }
}
