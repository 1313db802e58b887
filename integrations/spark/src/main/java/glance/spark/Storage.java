package glance.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The folder of a job, on any file system of Spark's. A file comes into it by being written aside
 * and moved, so that one that has its name is whole; the first that has the name stays. An object
 * store only knows to replace: of two writers at the same moment the last one stays there, with the
 * same picture.
 */
final class Storage implements Serializable {
    /** Hidden from Spark's readers by the underscore. */
    private static final String INNER = "_glance";

    private static final String ASIDE = INNER + "/aside";

    /** Where the rows of runs are until they are in the manifest. */
    static final String ROWS = INNER + "/rows";

    private final String root;
    private final SerializableConfiguration conf;
    private transient FileSystem files;

    private Storage(String root, Configuration conf) {
        this.root = root;
        this.conf = new SerializableConfiguration(conf);
    }

    /**
     * The folder of a path, which without a scheme is of the file system that Hadoop's settings
     * name.
     */
    static Storage of(String path, Configuration conf) throws IOException {
        return new Storage(qualified(path, conf), conf);
    }

    /** A path that is the same for executors, which run in other folders. */
    static String qualified(String path, Configuration conf) throws IOException {
        Path known = new Path(path);
        return known.getFileSystem(conf).makeQualified(known).toString();
    }

    /** Its path, as Spark takes it. */
    String path(String file) {
        return at(file).toString();
    }

    private Path at(String file) {
        return new Path(new Path(root), file);
    }

    synchronized FileSystem files() throws IOException {
        if (files == null) {
            files = plain(at(INNER).getFileSystem(conf.value()));
        }
        return files;
    }

    /** Without the checksum files that Hadoop puts beside those of a local disk. */
    static FileSystem plain(FileSystem files) {
        return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
    }

    boolean has(String file) throws IOException {
        return files().exists(at(file));
    }

    byte[] read(String file) throws IOException {
        try (InputStream in = files().open(at(file))) {
            return in.readAllBytes();
        }
    }

    /** The folders in a folder of the job. */
    String[] folders(String parent) throws IOException {
        try {
            return Arrays.stream(files().listStatus(at(parent)))
                    .filter(status -> status.isDirectory())
                    .map(status -> status.getPath().toString())
                    .sorted()
                    .toArray(String[]::new);
        } catch (FileNotFoundException e) {
            return new String[0];
        }
    }

    /**
     * Puts a file in its place, unless one is there.
     *
     * @param attempt different in each attempt of each task
     * @return the bytes that are there now
     */
    byte[] put(String file, byte[] bytes, String attempt) throws IOException {
        Path target = at(file);
        // The hash alone: with the attempt before it, a name may become too long.
        Path aside = at(ASIDE + "/" + attempt + "-" + Names.hash(file));
        try {
            try (OutputStream out = files().create(aside, true)) {
                out.write(bytes);
            }
            if (!files().exists(target) && place(aside, target)) {
                return bytes;
            }
        } finally {
            files().delete(aside, false);
        }
        return read(file);
    }

    /** Whether the file is there now; false if another was first. */
    private boolean place(Path aside, Path target) throws IOException {
        files().mkdirs(target.getParent());
        if (files().getUri().getScheme().equals("file")) {
            try {
                // To rename would replace what another has just put there.
                Files.createLink(local(target), local(aside));
                return true;
            } catch (java.nio.file.FileAlreadyExistsException e) {
                return false;
            } catch (FileSystemException | UnsupportedOperationException e) {
                // A disk without links.
                return !files().exists(target) && move(aside, target);
            }
        }
        return move(aside, target);
    }

    private static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    private boolean move(Path aside, Path target) throws IOException {
        try {
            if (files().rename(aside, target)) {
                return true;
            }
        } catch (FileAlreadyExistsException e) {
            return false;
        }
        if (files().exists(target)) {
            return false;
        }
        throw new IOException(target + ": cannot be moved here from " + aside);
    }

    /** Removes what tasks left that did not come to their end. */
    void sweep() throws IOException {
        files().delete(at(ASIDE), true);
        if (folders(ROWS).length == 0) {
            files().delete(at(INNER), true);
        }
    }

    /** Removes a folder of this job. */
    void delete(String path) throws IOException {
        files().delete(new Path(path), true);
    }
}
