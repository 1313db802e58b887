package glance.io;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Picture files: PNG with text, in which the settings of a picture travel with it. */
public final class Images {
    private static final long MAX_FILE_BYTES = 512L << 20;
    private static final long MAX_PIXELS = 128L << 20;

    private Images() {}

    /**
     * Writes or replaces a PNG.
     *
     * @param file the target; its folder must exist
     * @param image the picture
     * @param text free text by keyword, e.g. the prompt. ASCII goes into tEXt chunks, which every
     *     program reads, and other text into UTF-8 iTXt chunks. PNG cannot hold the character NUL:
     *     it becomes U+FFFD, as do lone surrogates.
     * @throws IllegalArgumentException if a keyword is not 1 to 79 plain ASCII characters
     * @throws java.io.UncheckedIOException if writing fails; nothing is left behind
     */
    public static void writePng(Path file, BufferedImage image, Map<String, String> text) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        try {
            IIOMetadata metadata =
                    writer.getDefaultImageMetadata(
                            ImageTypeSpecifier.createFromRenderedImage(image),
                            writer.getDefaultWriteParam());
            PngText.put(metadata, text);
            SafeWrite.write(
                    file,
                    channel -> {
                        // The writer goes back to fill in chunk lengths, so it needs a cache.
                        try (ImageOutputStream out =
                                new MemoryCacheImageOutputStream(
                                        Channels.newOutputStream(channel))) {
                            writer.setOutput(out);
                            writer.write(new IIOImage(image, null, metadata));
                        }
                    });
        } finally {
            writer.dispose();
        }
    }

    /**
     * The text of a PNG by keyword, in file order; of a repeated keyword, the first.
     *
     * @throws FormatException if the file is not a readable PNG
     */
    public static Map<String, String> readPngText(Path file) {
        return withReader(
                file,
                reader -> {
                    if (!reader.getFormatName().equalsIgnoreCase("png")) {
                        throw new FormatException(
                                file,
                                null,
                                "is a " + reader.getFormatName() + " image, not a PNG",
                                "give a PNG file");
                    }
                    return PngText.get(reader.getImageMetadata(0));
                });
    }

    /**
     * Reads a picture of any format that ImageIO knows here.
     *
     * @throws FormatException if the file is missing, no such picture, damaged, or too large
     */
    public static BufferedImage read(Path file) {
        return withReader(
                file,
                reader -> {
                    long width = reader.getWidth(0);
                    long height = reader.getHeight(0);
                    if (width * height > MAX_PIXELS) {
                        throw new FormatException(
                                file,
                                null,
                                "is "
                                        + width
                                        + " x "
                                        + height
                                        + " pixels, more than "
                                        + MAX_PIXELS
                                        + " in all",
                                "scale it down");
                    }
                    return reader.read(0);
                });
    }

    /**
     * Reads a picture as a person sees it: turned upright as its EXIF orientation says, what is
     * transparent laid on white, 8 bits of red, green and blue.
     *
     * @throws FormatException if the file is missing, no such picture, damaged, or too large
     */
    public static BufferedImage readUpright(Path file) {
        BufferedImage image = read(file);
        BufferedImage rgb =
                new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = rgb.createGraphics();
        graphics.drawImage(image, 0, 0, Color.WHITE, null);
        graphics.dispose();
        return Orientation.upright(rgb, Orientation.of(FileInput.bytes(file, MAX_FILE_BYTES)));
    }

    /** What is done with an opened picture. */
    private interface Use<T> {
        T apply(ImageReader reader) throws IOException;
    }

    private static <T> T withReader(Path file, Use<T> use) {
        byte[] content = FileInput.bytes(file, MAX_FILE_BYTES);
        try (ImageInputStream in =
                new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new FormatException(
                        file,
                        null,
                        "is not a picture in a known format",
                        "give a PNG, JPEG or WebP file");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in);
                return use.apply(reader);
            } finally {
                reader.dispose();
            }
        } catch (FormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The readers of ImageIO meet damage with all kinds of runtime exceptions.
            throw new FormatException(
                    file,
                    null,
                    "is a damaged picture (" + FormatException.printable(e.toString()) + ")",
                    "make or fetch it again",
                    e);
        }
    }
}
