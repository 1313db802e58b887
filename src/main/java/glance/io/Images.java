package glance.io;

import glance.api.FormatException;
import glance.text.PrintableText;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Picture files: with text in PNG and JPEG, so that the settings of a picture travel with it. */
public final class Images {
    /** The name under which {@link #readText} gives the comment of a JPEG or WebP. */
    public static final String COMMENT = "UserComment";

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
        SafeWrite.write(file, png(image, text));
    }

    /** The content of a PNG, as {@link #writePng} writes it. */
    public static byte[] png(BufferedImage image, Map<String, String> text) {
        return encoded(
                "png",
                image,
                (writer, metadata) -> {
                    PngText.put(metadata, text);
                    return writer.getDefaultWriteParam();
                });
    }

    /**
     * The content of a JPEG.
     *
     * @param image the picture
     * @param comment goes into its EXIF user comment
     * @param quality 1 to 100
     * @throws IllegalArgumentException if the comment {@link #fitsJpeg does not fit}
     */
    public static byte[] jpeg(BufferedImage image, String comment, int quality) {
        return encoded(
                "jpeg",
                image,
                (writer, metadata) -> {
                    ExifComment.put(metadata, comment);
                    ImageWriteParam param = writer.getDefaultWriteParam();
                    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                    param.setCompressionQuality(quality / 100f);
                    return param;
                });
    }

    /** Whether a JPEG can hold the comment: about 32,000 characters. */
    public static boolean fitsJpeg(String comment) {
        return ExifComment.segment(comment).isPresent();
    }

    /** What is set before a picture is written. */
    private interface Preparation {
        ImageWriteParam apply(ImageWriter writer, IIOMetadata metadata);
    }

    /** Into memory, so that a disk's failure is reported in the disk's own words. */
    private static byte[] encoded(String format, BufferedImage image, Preparation preparation) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            IIOMetadata metadata =
                    writer.getDefaultImageMetadata(
                            ImageTypeSpecifier.createFromRenderedImage(image),
                            writer.getDefaultWriteParam());
            ImageWriteParam param = preparation.apply(writer, metadata);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, metadata), param);
        } catch (IOException e) {
            throw new IllegalStateException("a picture cannot be written to memory", e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /**
     * The text of a picture by keyword, in file order, at most 1 MiB: the text chunks of a PNG; of
     * another picture its EXIF user comment, under {@link #COMMENT}.
     *
     * @param wanted the keywords to read
     * @throws FormatException if the file is missing or no picture, or a PNG that is cut off
     */
    public static Map<String, String> readText(Path file, Predicate<String> wanted) {
        byte[] content = bytes(file);
        if (PngChunks.isPng(content)) {
            return PngText.read(file, content, wanted);
        }
        withReader(file, content, ImageReader::getFormatName);
        return ExifComment.of(content)
                .filter(comment -> wanted.test(COMMENT))
                .map(comment -> Map.of(COMMENT, comment))
                .orElse(Map.of());
    }

    /** As {@link #readText(Path, Predicate)}, of all keywords. */
    public static Map<String, String> readText(Path file) {
        return readText(file, keyword -> true);
    }

    /**
     * Reads a picture of any format that ImageIO knows here.
     *
     * @throws FormatException if the file is missing, no such picture, damaged, or too large
     */
    public static BufferedImage read(Path file) {
        return read(file, bytes(file));
    }

    private static BufferedImage read(Path file, byte[] content) {
        boolean png = PngChunks.isPng(content);
        return withReader(
                file,
                png ? PngChunks.pixels(file, content) : content,
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
                    Damage damage = new Damage();
                    reader.addIIOReadWarningListener(damage);
                    BufferedImage image = reader.read(0);
                    if (damage.found() != null) {
                        throw damaged(file, damage.found(), null);
                    }
                    return image;
                });
    }

    /**
     * Reads a picture as a person sees it: turned upright as its EXIF orientation says, what is
     * transparent laid on white, 8 bits of red, green and blue.
     *
     * @throws FormatException if the file is missing, no such picture, damaged, or too large
     */
    public static BufferedImage readUpright(Path file) {
        return readUpright(file, bytes(file));
    }

    /**
     * What is opaque of a picture, turned upright as {@link #readUpright} does: each of red, green
     * and blue is the alpha, 0 to 255.
     *
     * @return nothing if the format of the picture holds no alpha
     * @throws FormatException if the file is missing, no such picture, damaged, or too large
     */
    public static Optional<BufferedImage> readAlpha(Path file) {
        byte[] content = bytes(file);
        BufferedImage image = read(file, content);
        if (!image.getColorModel().hasAlpha()) {
            return Optional.empty();
        }
        int width = image.getWidth();
        BufferedImage alpha =
                new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < width; x++) {
                alpha.setRGB(x, y, (image.getRGB(x, y) >>> 24) * 0x010101);
            }
        }
        return Optional.of(Orientation.upright(alpha, Orientation.of(content)));
    }

    /**
     * How large a picture is, as its header says; its pixels are not decoded.
     *
     * @throws FormatException if the file is missing, no such picture, or damaged in its header
     */
    public static Dimension size(Path file) {
        return withReader(
                file,
                bytes(file),
                reader -> new Dimension(reader.getWidth(0), reader.getHeight(0)));
    }

    /** The content of a picture's file. */
    static byte[] bytes(Path file) {
        return FileInput.bytes(file, MAX_FILE_BYTES);
    }

    /** The same of a content that was read. */
    static BufferedImage readUpright(Path file, byte[] content) {
        return Orientation.upright(OnWhite.rgb(read(file, content)), Orientation.of(content));
    }

    /** What is done with an opened picture. */
    private interface Use<T> {
        T apply(ImageReader reader) throws IOException;
    }

    private static <T> T withReader(Path file, byte[] content, Use<T> use) {
        if (WebpLibrary.isWebp(content)) {
            WebpLibrary.load(file);
        }
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
                reader.setInput(in, true, true);
                return use.apply(reader);
            } finally {
                reader.dispose();
            }
        } catch (FormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The readers of ImageIO meet damage with all kinds of runtime exceptions.
            throw damaged(file, e.toString(), e);
        }
    }

    private static FormatException damaged(Path file, String reason, Exception cause) {
        return new FormatException(
                file,
                null,
                "is a damaged picture (" + PrintableText.quoted(reason) + ")",
                "make or fetch it again",
                cause);
    }

    /** Readers go on after damage to the pixels, with a warning. */
    private static final class Damage implements IIOReadWarningListener {
        /** The others are about profiles and thumbnails. */
        private static final Pattern OF_PIXELS =
                Pattern.compile(
                        "corrupt jpeg data|truncated|premature|inconsistent progression|invalid sos",
                        Pattern.CASE_INSENSITIVE);

        private String found;

        @Override
        public void warningOccurred(ImageReader source, String warning) {
            if (found == null && OF_PIXELS.matcher(warning).find()) {
                found = warning;
            }
        }

        /** The first such warning, or null. */
        String found() {
            return found;
        }
    }
}
