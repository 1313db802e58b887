package glance.cli;

import glance.io.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Gathers prompts from the command line and from files. */
final class Prompts {
    private static final Path STDIN = Path.of("-");
    private static final long MAX_FILE_BYTES = 16 << 20;
    private static final char BYTE_ORDER_MARK = '\ufeff';
    private static final char REPLACEMENT = '\ufffd';

    private Prompts() {}

    /**
     * Checks prompts from the command line.
     *
     * @throws WrongUseException if one is empty, or was not decoded
     */
    static List<String> check(List<String> prompts) {
        for (String prompt : prompts) {
            if (prompt.isBlank()) {
                throw new WrongUseException("the prompt is empty; say what to draw");
            }
            if (prompt.indexOf(REPLACEMENT) >= 0) {
                // What Java makes of bytes beyond the locale's character set.
                throw new WrongUseException(
                        "the prompt has characters that the locale cannot carry; set"
                                + " LC_ALL=C.UTF-8, or put it into a file and use --prompts FILE");
            }
        }
        return prompts;
    }

    /**
     * Reads a file with a prompt on each line; blank lines are skipped.
     *
     * @param file UTF-8 text, or {@code -} for standard input
     * @throws FormatException if it is no such file, or holds no prompt
     */
    static List<String> read(Path file) throws IOException {
        String text = decode(file, file.equals(STDIN) ? readAll(System.in) : readAll(file));
        List<String> prompts = new ArrayList<>();
        text.lines().map(String::strip).filter(line -> !line.isEmpty()).forEach(prompts::add);
        if (prompts.isEmpty()) {
            throw new FormatException(file, null, "holds no prompt", "write one on each line");
        }
        return prompts;
    }

    private static byte[] readAll(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, null, "is a folder", "give a text file");
        }
        if (!Files.exists(file)) {
            throw new FormatException(
                    file, null, "no such file", "give a text file with a prompt on each line");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return readAll(in);
        }
    }

    private static byte[] readAll(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes((int) MAX_FILE_BYTES + 1);
        if (bytes.length > MAX_FILE_BYTES) {
            throw new FormatException(
                    null, "prompts", "more than 16 MiB of them", "split the file");
        }
        return bytes;
    }

    private static String decode(Path file, byte[] bytes) {
        try {
            String text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(java.nio.ByteBuffer.wrap(bytes))
                            .toString();
            return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new FormatException(
                    file, null, "is not UTF-8 text", "save it as UTF-8 with a prompt a line", e);
        }
    }
}
