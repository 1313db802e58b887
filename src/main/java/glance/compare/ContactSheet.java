package glance.compare;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pictures in rows and columns with their names. Small pictures are enlarged by a whole factor,
 * large ones reduced.
 *
 * <pre>
 *   title
 *             what all are made from, if anything
 *             column 0     column 1
 *   row 0     picture      picture
 *   row 1     picture      picture
 * </pre>
 */
final class ContactSheet {
    private static final int GAP = 8;
    private static final int MAX_LABEL_WIDTH = 170;
    private static final int LINE_HEIGHT = 16;

    /** A prompt may be longer than any sheet; the report has it in full. */
    private static final int MAX_LINES = 12;

    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Color FRAME = new Color(0xd0d0d0);
    private static final FontRenderContext TEXT =
            new FontRenderContext(new AffineTransform(), true, true);

    private final String title;
    private final List<String> rows;
    private final List<String> columns;
    private final double scale;
    private final int cellWidth;
    private final int cellHeight;
    private final Map<Cell, BufferedImage> pictures = new HashMap<>();
    private final Map<String, BufferedImage> sources;
    private int filled;

    private record Cell(int row, int column) {}

    /**
     * An empty sheet.
     *
     * @param title above everything; may be empty
     * @param sources pictures above all others, each in its own proportions, by name
     * @param rows what each row is called
     * @param columns what each column is called
     * @param side longer side of a picture on the sheet at most, in pixels
     * @param width of a picture in pixels
     * @param height of a picture in pixels
     */
    ContactSheet(
            String title,
            Map<String, BufferedImage> sources,
            List<String> rows,
            List<String> columns,
            int side,
            int width,
            int height) {
        this.title = title;
        this.sources = sources;
        this.rows = List.copyOf(rows);
        this.columns = List.copyOf(columns);
        double factor = (double) side / Math.max(width, height);
        scale = factor >= 1 ? Math.floor(factor) : factor;
        cellWidth = (int) Math.max(1, Math.round(width * scale));
        cellHeight = (int) Math.max(1, Math.round(height * scale));
    }

    /** Puts a picture into a cell. */
    void put(int row, int column, BufferedImage picture) {
        pictures.put(new Cell(row, column), scaled(picture, cellWidth, cellHeight));
        filled = Math.max(filled, row + 1);
    }

    private static BufferedImage scaled(BufferedImage picture, int width, int height) {
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = small.createGraphics();
        g.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                width >= picture.getWidth()
                        ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
                        : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.drawImage(picture, 0, 0, width, height, null);
        g.dispose();
        return small;
    }

    /** As large as a cell takes it. */
    private BufferedImage inCell(BufferedImage picture) {
        double fit =
                Math.min(
                        (double) cellWidth / picture.getWidth(),
                        (double) cellHeight / picture.getHeight());
        return scaled(
                picture,
                (int) Math.max(1, Math.round(fit * picture.getWidth())),
                (int) Math.max(1, Math.round(fit * picture.getHeight())));
    }

    /** The sheet, down to the last row that has a picture. */
    BufferedImage picture() {
        List<List<String>> heads = columns.stream().map(text -> wrap(text, cellWidth)).toList();
        List<List<String>> names =
                rows.stream().limit(filled).map(text -> wrap(text, MAX_LABEL_WIDTH)).toList();
        int left =
                2 * GAP
                        + names.stream()
                                .flatMap(List::stream)
                                .mapToInt(ContactSheet::width)
                                .max()
                                .orElse(0);
        int width = left + Math.max(columns.size(), sources.size()) * (cellWidth + GAP);
        List<String> titleLines = wrap(title, width - 2 * GAP);
        int sourceTop = height(titleLines) + (title.isEmpty() ? GAP / 2 : 2 * GAP);
        int headTop = sourceTop + (sources.isEmpty() ? 0 : LINE_HEIGHT + cellHeight + 2 * GAP);
        int headHeight = heads.stream().mapToInt(ContactSheet::height).max().orElse(0);
        int[] tops = new int[filled + 1];
        tops[0] = headTop + headHeight + GAP / 2;
        for (int row = 0; row < filled; row++) {
            tops[row + 1] = tops[row] + Math.max(cellHeight, height(names.get(row))) + GAP;
        }
        BufferedImage sheet = new BufferedImage(width, tops[filled], BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setFont(FONT);
        draw(g, titleLines, GAP, GAP / 2, 0);
        int sourceLeft = left;
        for (Map.Entry<String, BufferedImage> source : sources.entrySet()) {
            draw(g, List.of(source.getKey()), sourceLeft, sourceTop, cellWidth);
            BufferedImage small = inCell(source.getValue());
            framed(
                    g,
                    small,
                    sourceLeft + (cellWidth - small.getWidth()) / 2,
                    sourceTop + LINE_HEIGHT + GAP / 2);
            sourceLeft += cellWidth + GAP;
        }
        for (int column = 0; column < columns.size(); column++) {
            List<String> head = heads.get(column);
            int top = headTop + headHeight - height(head);
            draw(g, head, left + column * (cellWidth + GAP), top, cellWidth);
        }
        for (int row = 0; row < filled; row++) {
            int room = tops[row + 1] - GAP - tops[row];
            draw(g, names.get(row), GAP, tops[row] + (room - height(names.get(row))) / 2, 0);
        }
        pictures.forEach(
                (cell, picture) -> {
                    int x = left + cell.column() * (cellWidth + GAP);
                    framed(g, picture, x, tops[cell.row()]);
                });
        g.dispose();
        return sheet;
    }

    private static void framed(Graphics2D g, BufferedImage picture, int x, int y) {
        g.setColor(FRAME);
        g.drawRect(x - 1, y - 1, picture.getWidth() + 1, picture.getHeight() + 1);
        g.drawImage(picture, x, y, null);
    }

    /** Lines from a top on; in the middle of a width, or at the left where that is 0. */
    private static void draw(Graphics2D g, List<String> lines, int left, int top, int width) {
        g.setColor(Color.BLACK);
        int y = top + LINE_HEIGHT - 4;
        for (String line : lines) {
            g.drawString(line, left + (width == 0 ? 0 : (width - width(line)) / 2), y);
            y += LINE_HEIGHT;
        }
    }

    private static int height(List<String> lines) {
        return lines.size() * LINE_HEIGHT;
    }

    private static int width(String text) {
        return (int) Math.ceil(FONT.getStringBounds(text, TEXT).getWidth());
    }

    /** Lines that are not wider; a longer word goes on in the next line. */
    private static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n")) {
            String line = "";
            for (String word : paragraph.strip().split("\\s+")) {
                String longer = line.isEmpty() ? word : line + " " + word;
                if (width(longer) > width && !line.isEmpty()) {
                    lines.add(line);
                    longer = word;
                }
                while (width(longer) > width && longer.length() > 1) {
                    int end = fitting(longer, width);
                    lines.add(longer.substring(0, end));
                    longer = longer.substring(end);
                }
                line = longer;
            }
            if (!line.isEmpty()) {
                lines.add(line);
            }
        }
        if (lines.size() > MAX_LINES) {
            lines.set(MAX_LINES - 1, "...");
            return lines.subList(0, MAX_LINES);
        }
        return lines;
    }

    /** Characters of a line; of a long name up to one of its signs, if there is one late. */
    private static int fitting(String text, int width) {
        int end = 1;
        while (end < text.length() && width(text.substring(0, end + 1)) <= width) {
            end++;
        }
        for (int sign = end; sign > end / 2; sign--) {
            if ("-_./\\".indexOf(text.charAt(sign - 1)) >= 0) {
                return sign;
            }
        }
        return end;
    }
}
