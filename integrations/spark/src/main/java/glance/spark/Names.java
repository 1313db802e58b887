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

    private static final int MAX_ID_CHARS = 80;

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
        int end = Math.min(safe.length(), MAX_ID_CHARS);
        // not in the middle of a character of two
        end = end > 0 && Character.isHighSurrogate(safe.charAt(end - 1)) ? end - 1 : end;
        return safe.isEmpty() ? hash : safe.substring(0, end) + "-" + hash;
    }
}
