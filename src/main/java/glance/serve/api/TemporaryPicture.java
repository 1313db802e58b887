package glance.serve.api;

import glance.api.FormatException;
import glance.serve.http.HttpProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** A picture that is sent, as a file for as long as something is read from it. */
final class TemporaryPicture {
    private TemporaryPicture() {}

    /**
     * What is read from it.
     *
     * @param key the words for it
     * @throws HttpProblem if it is no picture, is damaged, or has not what is wanted
     */
    static <T> T use(String key, byte[] bytes, Function<Path, T> read) throws IOException {
        Path file = Files.createTempFile("glance-picture", ".png");
        try {
            Files.write(file, bytes);
            return read.apply(file);
        } catch (FormatException e) {
            throw HttpProblem.invalid(key, e.getMessage().replace(file + ": ", ""));
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
