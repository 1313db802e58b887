package glance.langchain4j;

import dev.langchain4j.data.image.Image;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.picture.Masks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Images of langchain4j as files, which the library reads, until they are closed. */
final class ImageFiles implements AutoCloseable {
    private static final String MASK = "mask";
    private static final String DATA = "data";
    private static final String ENCODED = ";base64,";

    /** The words for the files. */
    private final Map<Path, String> words = new LinkedHashMap<>();

    /**
     * An image as a file.
     *
     * @param word for it, in messages
     * @throws RequestException if it has no content that can be had here
     */
    Path keep(String word, Image image) {
        return keep(word, bytes(word, image));
    }

    /** A mask as a file that is white where it paints. */
    Path keepMask(Image image) {
        Path mask = keep(MASK, image);
        return named(
                mask,
                file -> Masks.isTransparent(file) ? keep(MASK, Masks.transparent(file)) : file);
    }

    private Path keep(String word, byte[] content) {
        try {
            Path file = Files.createTempFile("glance-" + word, ".png");
            words.put(file, word);
            return Files.write(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(word + ": cannot be kept (" + e + ")", e);
        }
    }

    private static byte[] bytes(String word, Image image) {
        if (image == null) {
            throw new RequestException(word + ": is missing");
        }
        URI url = image.url();
        try {
            if (image.base64Data() != null) {
                return Base64.getMimeDecoder().decode(image.base64Data());
            }
            if (url != null && DATA.equals(url.getScheme())) {
                String text = url.getSchemeSpecificPart();
                int at = text.indexOf(ENCODED);
                if (at >= 0) {
                    return Base64.getMimeDecoder().decode(text.substring(at + ENCODED.length()));
                }
            }
            if (url != null && "file".equals(url.getScheme())) {
                return Files.readAllBytes(Path.of(url));
            }
        } catch (IOException e) {
            throw new RequestException(word + " " + url + ": cannot be read (" + e + ")", e);
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw new RequestException(word + ": cannot be read (" + e.getMessage() + ")", e);
        }
        throw new RequestException(
                word
                        + (url == null ? "" : " " + url)
                        + ": must have base64Data, or a file: or data: URL; fetch others first");
    }

    /** Work with one of the files, or with a request, whose refusals tell of images. */
    <A, T> T named(A argument, Function<A, T> work) {
        try {
            return work.apply(argument);
        } catch (FormatException | RequestException e) {
            String message = e.getMessage();
            for (Map.Entry<Path, String> file : words.entrySet()) {
                String path = file.getKey().toString();
                String word = file.getValue();
                message = message.replace(word + " " + path, word).replace(path, word);
            }
            if (message.equals(e.getMessage())) {
                throw e;
            }
            throw new RequestException(message, e);
        }
    }

    @Override
    public void close() {
        for (Path file : words.keySet()) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                file.toFile().deleteOnExit();
            }
        }
    }
}
