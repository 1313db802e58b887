package glance.io;

import glance.api.FormatException;
import glance.text.PrintableText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Tells by its first bytes what a file is that was taken for a safetensors file. */
final class ForeignFile {
    /** How much of a file must be known. */
    static final int START_BYTES = 512;

    private static final int MAX_QUOTED_CHARS = 60;
    private static final int TAR_MARK = 257;
    private static final String FETCH =
            "fetch the .safetensors files of the model in diffusers layout";
    private static final String PICKLE =
            "a pickle can run code when it is opened and is not read; " + FETCH;
    private static final String AGAIN =
            "check the address and your access to the model, then fetch the file again";

    /**
     * @param at where the mark is
     * @param mark bytes, one a character
     */
    private record Signature(int at, String mark, String what, String remedy) {
        boolean matches(byte[] start) {
            return new String(start, StandardCharsets.ISO_8859_1).startsWith(mark, at);
        }
    }

    private static final List<Signature> BINARY =
            List.of(
                    new Signature(
                            0,
                            "GGUF",
                            "is a GGUF file",
                            "adapters are read from safetensors files"),
                    new Signature(0, "PK\3\4", "is a PyTorch pickle or another zip file", PICKLE),
                    new Signature(0, "PK\5\6", "is an empty zip file", FETCH),
                    new Signature(0, "\u0080\2", "is a Python pickle (PyTorch)", PICKLE),
                    new Signature(0, "\u0080\3", "is a Python pickle", PICKLE),
                    new Signature(0, "\u0080\4", "is a Python pickle", PICKLE),
                    new Signature(0, "\u0080\5", "is a Python pickle", PICKLE),
                    new Signature(0, "\u0093NUMPY", "is a NumPy array", FETCH),
                    new Signature(0, "\u0089HDF", "is an HDF5 file (TensorFlow or Keras)", FETCH),
                    new Signature(0, "\u0089PNG", "is a PNG picture", "check the path"),
                    new Signature(0, "\u00ff\u00d8\u00ff", "is a JPEG picture", "check the path"),
                    new Signature(8, "WEBP", "is a WebP picture", "check the path"),
                    new Signature(0, "\u001f\u008b", "is compressed with gzip", "unpack it"),
                    new Signature(0, "\u00fd7zXZ", "is compressed with xz", "unpack it"),
                    new Signature(0, "\u0028\u00b5\u002f\u00fd", "is a zstd file", "unpack it"),
                    new Signature(0, "7z\u00bc\u00af", "is a 7z archive", "unpack it"),
                    new Signature(0, "Rar!", "is a RAR archive", "unpack it"),
                    new Signature(TAR_MARK, "ustar", "is a tar archive", "unpack it"),
                    new Signature(
                            0,
                            "\0".repeat(Long.BYTES),
                            "begins with zeros, as after a download that was cut off",
                            "fetch it again"));

    /** Marks of text files, in lower case; space before them does not count. */
    private static final List<Signature> TEXT =
            List.of(
                    new Signature(
                            0,
                            "version https://git-lfs",
                            "is a Git LFS pointer to the file",
                            "run git lfs pull in its folder"),
                    new Signature(
                            0,
                            "# xet version",
                            "is a Xet pointer to the file",
                            "run git lfs pull in its folder"),
                    new Signature(
                            0,
                            "/annex/objects",
                            "is a git-annex pointer to the file",
                            "run git annex get in its folder"),
                    new Signature(0, "<!doctype", "is a web page", AGAIN),
                    new Signature(0, "<!--", "is a web page", AGAIN),
                    new Signature(0, "<html", "is a web page", AGAIN),
                    new Signature(0, "<head", "is a web page", AGAIN),
                    new Signature(0, "<?xml", "is an XML document, as servers answer", AGAIN),
                    new Signature(0, "<error", "is an XML document, as servers answer", AGAIN));

    private ForeignFile() {}

    /**
     * What the file is, as a refusal; null if nothing is known about it.
     *
     * @param start its first {@link #START_BYTES}, or all of it
     */
    static FormatException refusal(Path file, byte[] start) {
        if (start.length == 0) {
            return refusal(file, "is empty", "fetch it again");
        }
        String text = text(start);
        String trimmed = text == null ? "" : text.strip();
        byte[] bytes =
                trimmed.isEmpty()
                        ? start
                        : trimmed.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.ISO_8859_1);
        for (Signature signature : trimmed.isEmpty() ? BINARY : TEXT) {
            if (signature.matches(bytes)) {
                return refusal(file, signature.what(), signature.remedy());
            }
        }
        if (trimmed.isEmpty()) {
            return null;
        }
        if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
            return refusal(file, "is JSON: " + quoted(trimmed), AGAIN);
        }
        return refusal(file, "is text: " + quoted(trimmed), AGAIN);
    }

    private static FormatException refusal(Path file, String what, String remedy) {
        return new FormatException(file, null, what + ", not a safetensors file", remedy);
    }

    private static String quoted(String text) {
        String line = text.lines().findFirst().orElse("");
        return "'"
                + PrintableText.quoted(
                        line.length() > MAX_QUOTED_CHARS
                                ? line.substring(0, MAX_QUOTED_CHARS) + "..."
                                : line)
                + "'";
    }

    /** The bytes as text, or null if they are none. The end may cut a character. */
    private static String text(byte[] start) {
        CharBuffer text = CharBuffer.allocate(start.length);
        boolean whole = start.length < START_BYTES;
        if (StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(start), text, whole)
                .isError()) {
            return null;
        }
        String decoded = text.flip().toString().replace("\ufeff", "");
        return decoded.chars().allMatch(c -> c >= ' ' || Character.isWhitespace(c))
                ? decoded
                : null;
    }
}
