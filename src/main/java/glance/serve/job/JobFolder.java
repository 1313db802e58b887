package glance.serve.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.RequestException;
import glance.io.Json;
import glance.io.SafeWrite;
import glance.picture.RecordedReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where pictures and jobs are kept:
 *
 * <pre>
 * ID-SEED.png       a picture, its settings in it
 * jobs/ID.json      a job: what was asked, and what came of it
 * inputs/HASH.png   a picture that a request brought; also .jpg and .webp
 * </pre>
 *
 * Every file is whole or not there, so that a server that was killed finds all that it had
 * finished, and all that waited.
 */
public final class JobFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobFolder.class);
    private static final ObjectMapper MAPPER = Json.MAPPER;
    private static final Pattern PICTURE = Pattern.compile("[0-9a-z-]{1,80}\\.png");
    private static final Pattern ID = Pattern.compile("[0-9a-z-]{1,80}");
    private static final String ENDING = ".json";
    private static final Pattern ASIDE = Pattern.compile("\\.glance-.*\\.part");

    private final Path folder;
    private final Path jobs;
    private final InputFolder inputs;
    private final FileChannel lock;

    /**
     * Makes the folder if it is missing, and takes it: two servers in one folder would draw the
     * same jobs.
     *
     * @throws UncheckedIOException if it cannot be made or written
     * @throws RequestException if another server has it
     */
    public JobFolder(Path folder) {
        this.folder = folder;
        this.jobs = folder.resolve("jobs");
        Path brought = folder.resolve(RecordedReference.INPUTS);
        this.inputs = new InputFolder(brought);
        try {
            Files.createDirectories(jobs);
            Files.createDirectories(brought);
            lock =
                    FileChannel.open(
                            jobs.resolve(".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made (" + e + ")", e);
        }
        take();
        removeLeftovers(folder);
        removeLeftovers(jobs);
        removeLeftovers(brought);
    }

    private void take() {
        try {
            if (lock.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // refused below
        } catch (IOException e) {
            LOG.warn("{}: cannot be locked ({})", folder, e.getMessage());
            return;
        }
        close();
        throw new RequestException(
                "folder " + folder + ": another server keeps its jobs there; choose another");
    }

    /** What a server that was killed was writing. */
    private static void removeLeftovers(Path folder) {
        try (Stream<Path> found = Files.list(folder)) {
            for (Path file : found.toList()) {
                if (ASIDE.matcher(file.getFileName().toString()).matches()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            LOG.warn("{}: cannot be cleared ({})", folder, e.getMessage());
        }
    }

    /** Lets another server have the folder. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("{}: cannot be unlocked ({})", folder, e.getMessage());
        }
    }

    /** Keeps a picture; the name of its file. */
    String keep(String id, String seed, byte[] png) {
        String file = id + "-" + seed + ".png";
        SafeWrite.write(folder.resolve(file), png);
        return file;
    }

    /** Keeps a job as it is now. */
    void keep(JobRecord job) {
        try {
            SafeWrite.write(jobs.resolve(job.id() + ENDING), MAPPER.writeValueAsBytes(job));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a job is always JSON", e);
        }
    }

    /** The pictures that requests bring. */
    public InputFolder inputs() {
        return inputs;
    }

    /**
     * Keeps the pictures of a request for a job.
     *
     * @return the request with their names
     * @throws RequestException if one is none, or is not there
     */
    JobRequest keepInputs(String job, JobRequest asked) {
        return asked.withPictures(
                (key, text) -> {
                    if (!PictureData.isName(text)) {
                        return inputs.keep(job, key, PictureData.bytes(key, text));
                    }
                    if (inputs.use(job, text)) {
                        return text;
                    }
                    return inputs.keep(
                            job,
                            key,
                            drawn(text).orElseThrow(() -> InputFolder.missing(key, text)));
                });
    }

    /** A picture by the name of its file, drawn or brought, if it is there. */
    public Optional<byte[]> picture(String file) {
        return drawn(file).or(() -> inputs.read(file));
    }

    private Optional<byte[]> drawn(String file) {
        if (!PICTURE.matcher(file).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllBytes(folder.resolve(file)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * All jobs that are not over, and the newest of the others, oldest first. What cannot be read
     * is left out with a line in the log.
     *
     * @param most of those that are over
     */
    List<JobRecord> load(int most) {
        List<Path> files;
        try (Stream<Path> found = Files.list(jobs)) {
            files =
                    found.filter(file -> file.getFileName().toString().endsWith(ENDING))
                            .sorted(Comparator.reverseOrder())
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(jobs + ": cannot be read (" + e + ")", e);
        }
        Deque<JobRecord> records = new ArrayDeque<>();
        int over = 0;
        boolean all = true;
        for (Path file : files) {
            JobRecord job = read(file);
            all &= job != null;
            if (job != null) {
                job.request().names().forEach(name -> inputs.use(job.id(), name));
            }
            boolean waits = job != null && !job.state().isFinal();
            if (waits || job != null && over < most) {
                records.addFirst(job);
                over += waits ? 0 : 1;
            }
        }
        // else some may be those of a job that can be read again tomorrow
        if (all) {
            inputs.clear();
        }
        return List.copyOf(records);
    }

    /** A job that is kept, if it is there and can be read. */
    Optional<JobRecord> find(String id) {
        if (!ID.matcher(id).matches()) {
            return Optional.empty();
        }
        Path file = jobs.resolve(id + ENDING);
        return Files.isRegularFile(file) ? Optional.ofNullable(read(file)) : Optional.empty();
    }

    private static JobRecord read(Path file) {
        try {
            JobRecord job = MAPPER.readValue(Files.readAllBytes(file), JobRecord.class);
            if (job.isWhole() && file.getFileName().toString().equals(job.id() + ENDING)) {
                return job;
            }
            LOG.warn("{}: is no job and is left out", file);
        } catch (JsonProcessingException e) {
            LOG.warn("{}: is no job and is left out ({})", file, e.getOriginalMessage());
        } catch (IOException e) {
            LOG.warn("{}: cannot be read and is left out ({})", file, e.getMessage());
        }
        return null;
    }

    /** Forgets a finished job, its pictures, and those that it brought. */
    void delete(JobRecord job) {
        try {
            for (JobRecord.Picture picture : job.pictures()) {
                if (PICTURE.matcher(picture.file()).matches()) {
                    Files.deleteIfExists(folder.resolve(picture.file()));
                }
            }
            Files.deleteIfExists(jobs.resolve(job.id() + ENDING));
            inputs.release(job.id());
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be changed (" + e + ")", e);
        }
    }
}
