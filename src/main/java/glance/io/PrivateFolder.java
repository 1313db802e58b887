package glance.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Folders whose files may be run, because nobody but this user and the administrator can have put
 * them there. On systems without POSIX permissions (Windows) the folders of a user are their own by
 * default, and nothing is checked.
 */
final class PrivateFolder {
    private static final int OTHERS_WRITE = 0002;
    private static final int OTHERS_OR_GROUP_WRITE = 0022;
    private static final int STICKY = 01000;
    private static final int PERMISSIONS = 07777;
    private static final int OWNER_ONLY = 0700;

    private PrivateFolder() {}

    /** Makes a folder and those above it that are missing, for their owner only. */
    static Path create(Path folder) throws IOException {
        return isPosix(folder)
                ? Files.createDirectories(
                        folder,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")))
                : Files.createDirectories(folder);
    }

    /**
     * Closes a folder of ours to everybody else.
     *
     * @return why its files must not be run, or null if they may be
     */
    static String claim(Path folder) {
        try {
            if (isPosix(folder)
                    && uid(folder) == ownUid()
                    && (mode(folder) & PERMISSIONS) != OWNER_ONLY) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            }
            return problem(folder);
        } catch (IOException e) {
            return "it cannot be examined (" + e + ")";
        }
    }

    /** Why files of a folder must not be run, or null if they may be. */
    static String problem(Path folder) throws IOException {
        if (!isPosix(folder)) {
            return null;
        }
        Path real = folder.toRealPath();
        if (!isOurs(real) || (mode(real) & OTHERS_OR_GROUP_WRITE) != 0) {
            return "other users can write to it";
        }
        // Who can rename a folder above can put another one in its place.
        for (Path above = real.getParent(); above != null; above = above.getParent()) {
            boolean open = (mode(above) & OTHERS_WRITE) != 0 && (mode(above) & STICKY) == 0;
            if (open || !isOurs(above)) {
                return "other users can write to " + above;
            }
        }
        return null;
    }

    /** Whether a file or folder belongs to this user or to the administrator. */
    static boolean isOurs(Path path) throws IOException {
        return !isPosix(path) || uid(path) == 0 || uid(path) == ownUid();
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    private static int uid(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }

    private static int mode(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:mode");
    }

    /** Java does not tell the user's number; the owner of what this process makes does. */
    private static int ownUid() throws IOException {
        Path process = Path.of("/proc/self");
        if (Files.exists(process)) {
            return uid(process);
        }
        Path probe = Files.createTempFile("glance-engine", null);
        try {
            return uid(probe);
        } finally {
            Files.delete(probe);
        }
    }
}
