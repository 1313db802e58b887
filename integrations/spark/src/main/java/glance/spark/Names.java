package glance.spark;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names of files, and the hashes in them. */
final class Names {
    /**
     * 80 bits: among a thousand million rows two have the same hash with odds of 1 to 2 million.
     */
    private static final int HEX_DIGITS = 20;

    /** With the hash and an ending far below the 255 bytes that file systems allow. */
    private static final int MAX_ID_BYTES = 100;

    private Names() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** SHA-256 in hex. */
    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** The short hash of a text. */
    static String hash(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, HEX_DIGITS);
    }

    /** A number from a short hash, which decides where its work is done. */
    static long place(String hash) {
        return Long.parseUnsignedLong(hash.substring(0, Long.BYTES * 2), 16);
    }

    /**
     * The name of what a row asks for, without ending.
     *
     * @param id put before the hash, with all but letters, digits, dots, dashes and underscores
     *     replaced; may be null
     */
    static String of(String id, String hash) {
        if (id == null) {
            return hash;
        }
        // A file that begins with a dot or an underscore is hidden from Spark.
        String safe = id.replaceAll("[^\\p{L}\\p{N}._-]+", "-").replaceAll("^[-._]+", "");
        return safe.isEmpty() ? hash : start(safe, MAX_ID_BYTES) + "-" + hash;
    }

    /** As many whole characters as have at most so many bytes of UTF-8. */
    private static String start(String text, int maxBytes) {
        int bytes = 0;
        int end = 0;
        while (end < text.length()) {
            int next = text.offsetByCodePoints(end, 1);
            bytes += text.substring(end, next).getBytes(StandardCharsets.UTF_8).length;
            if (bytes > maxBytes) {
                break;
            }
            end = next;
        }
        return text.substring(0, end);
    }
}
