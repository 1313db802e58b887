package glance.hub;

import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param path in the repository, with slashes
 * @param etag SHA-256 of the content, or SHA-1 of the content as a git blob, in hexadecimal
 * @param size in bytes
 */
record RepoFile(String path, String etag, long size) {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern ETAG = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*");

    /** Whether a path stays below the folder that it is resolved in, on every system. */
    static boolean isSafe(String path) {
        if (path.isEmpty()
                || path.startsWith("/")
                || path.endsWith("/")
                || path.indexOf('\\') >= 0
                || DRIVE.matcher(path).matches()
                || path.chars().anyMatch(Character::isISOControl)) {
            return false;
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        return true;
    }

    /** Whether a text is a hash that a blob can be named by. */
    static boolean isEtag(String text) {
        return ETAG.matcher(text).matches();
    }

    /** Whether the name is of the content alone; else it is of a git blob. */
    boolean isSha256() {
        return SHA256.matcher(etag).matches();
    }
}
