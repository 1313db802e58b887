package glance.compare;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * All pictures at a glance: a row for each prompt and seed, a column for each run. Small pictures
 * are enlarged by a whole factor, large ones reduced.
 */
public final class ContactSheet {
    private static final int CELL_PIXELS = 128;
    private static final int GAP_PIXELS = 6;
    private static final int LABEL_PIXELS = 170;
    private static final int HEADER_PIXELS = 22;
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    private static final int LINE_PIXELS = 15;

    private final List<String> columns;
    private final int cellWidth;
    private final int cellHeight;
    private final BufferedImage sheet;
    private final Graphics2D g;

    /**
     * An empty sheet.
     *
     * @param columns names of the runs
     * @param rows how many rows it has
     * @param width of a picture in pixels
     * @param height of a picture in pixels
     */
    public ContactSheet(List<String> columns, int rows, int width, int height) {
        this.columns = List.copyOf(columns);
        double scale = (double) CELL_PIXELS / Math.max(width, height);
        scale = scale >= 1 ? Math.floor(scale) : scale;
        cellWidth = (int) Math.max(1, Math.round(width * scale));
        cellHeight = (int) Math.max(1, Math.round(height * scale));
        sheet =
                new BufferedImage(
                        LABEL_PIXELS + columns.size() * (cellWidth + GAP_PIXELS) + GAP_PIXELS,
                        HEADER_PIXELS + rows * (cellHeight + GAP_PIXELS) + GAP_PIXELS,
                        BufferedImage.TYPE_INT_RGB);
        g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                scale >= 1
                        ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
                        : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.setColor(Color.BLACK);
        g.setFont(FONT);
        for (int i = 0; i < columns.size(); i++) {
            g.drawString(fit(columns.get(i), cellWidth), left(i), HEADER_PIXELS - 6);
        }
    }

    /** Writes what a row shows beside it, on several lines if needed. */
    public void label(int row, String text) {
        int y = top(row) + LINE_PIXELS;
        StringBuilder line = new StringBuilder();
        for (String word : text.split("\\s+")) {
            String longer = line.isEmpty() ? word : line + " " + word;
            if (textWidth(longer) > LABEL_PIXELS - 2 * GAP_PIXELS && !line.isEmpty()) {
                y = drawLine(row, line.toString(), y);
                line = new StringBuilder(word);
            } else {
                line = new StringBuilder(longer);
            }
        }
        drawLine(row, line.toString(), y);
    }

    private int drawLine(int row, String line, int y) {
        if (y <= top(row) + cellHeight) {
            g.drawString(fit(line, LABEL_PIXELS - GAP_PIXELS), GAP_PIXELS, y);
        }
        return y + LINE_PIXELS;
    }

    /** Puts a picture into the column of its run. */
    public void put(int row, String column, BufferedImage picture) {
        int x = left(columns.indexOf(column));
        g.drawImage(picture, x, top(row), cellWidth, cellHeight, null);
    }

    /** The sheet as it is now. */
    public BufferedImage picture() {
        return sheet;
    }

    private int left(int column) {
        return LABEL_PIXELS + GAP_PIXELS + column * (cellWidth + GAP_PIXELS);
    }

    private int top(int row) {
        return HEADER_PIXELS + GAP_PIXELS + row * (cellHeight + GAP_PIXELS);
    }

    private String fit(String text, int width) {
        int end = text.length();
        while (end > 1 && textWidth(text.substring(0, end)) > width) {
            end--;
        }
        return text.substring(0, end);
    }

    private double textWidth(String text) {
        FontRenderContext context = g.getFontRenderContext();
        return FONT.getStringBounds(text, context).getWidth();
    }
}
