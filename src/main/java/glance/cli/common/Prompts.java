package glance.cli.common;

import glance.api.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Gathers prompts from the command line and from files. */
public final class Prompts {
    private static final Path STDIN = Path.of("-");
    private static final long MAX_FILE_BYTES = 16 << 20;
    private static final char BYTE_ORDER_MARK = '\ufeff';
    private static final long PATIENCE_SECONDS = 2;
    private static final char COMMENT = '#';
    private static final char REPLACEMENT = '\ufffd';

    private Prompts() {}

    /**
     * Checks prompts from the command line.
     *
     * @throws WrongUseException if one is empty, or was not decoded
     */
    public static List<String> check(List<String> prompts) {
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
     * Reads a file with a prompt on each line; blank lines and those that begin with # are skipped.
     *
     * @param file UTF-8 text, or {@code -} for standard input
     * @throws FormatException if it is no such file, or holds no prompt
     */
    public static List<String> read(Path file) throws IOException {
        List<String> prompts = lines(file, file.equals(STDIN) ? readAll(System.in) : readAll(file));
        if (prompts.isEmpty()) {
            throw new FormatException(file, null, "holds no prompt", "write one on each line");
        }
        return prompts;
    }

    /**
     * Reads what is piped in, as a file of prompts; none if that is nothing, or would be typed by a
     * person, who may not know that it is waited for.
     *
     * @throws FormatException if it is no text
     */
    static List<String> readPiped(Session session) throws IOException {
        Stdin in = session.in();
        if (in.isTerminal()) {
            return List.of();
        }
        CompletableFuture<Void> note =
                CompletableFuture.runAsync(
                        () ->
                                session.note(
                                        "no prompt given: waiting for prompts from standard input,"
                                                + " one on each line"),
                        CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS));
        try {
            return lines(STDIN, readAll(in.stream()));
        } finally {
            note.cancel(false);
        }
    }

    /** Whether these look like the words of one prompt whose quotes were forgotten. */
    static boolean lookUnquoted(List<String> prompts) {
        return prompts.size() > 1
                && prompts.stream().noneMatch(prompt -> prompt.matches("(?s).*\\s.*"));
    }

    private static List<String> lines(Path file, byte[] bytes) {
        return decode(file, bytes)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && line.charAt(0) != COMMENT)
                .toList();
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
