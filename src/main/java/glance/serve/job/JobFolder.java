package glance.serve.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.io.Json;
import glance.io.SafeWrite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
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
 * </pre>
 *
 * Every file is whole or not there, so that a server that was killed finds all that it had
 * finished, and all that waited.
 */
public final class JobFolder {
    private static final Logger LOG = LoggerFactory.getLogger(JobFolder.class);
    private static final ObjectMapper MAPPER = Json.MAPPER;
    private static final Pattern PICTURE = Pattern.compile("[0-9a-z-]{1,80}\\.png");
    private static final String ENDING = ".json";

    private final Path folder;
    private final Path jobs;

    /**
     * Makes the folder if it is missing.
     *
     * @throws UncheckedIOException if it cannot be made or written
     */
    public JobFolder(Path folder) {
        this.folder = folder;
        this.jobs = folder.resolve("jobs");
        try {
            Files.createDirectories(jobs);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made (" + e + ")", e);
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

    /** A picture by the name of its file, if it is there. */
    public Optional<byte[]> picture(String file) {
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
     * The newest jobs, oldest first. What cannot be read is left out with a line in the log.
     *
     * @param most how many
     */
    List<JobRecord> load(int most) {
        List<Path> files;
        try (Stream<Path> found = Files.list(jobs)) {
            files =
                    found.filter(file -> file.getFileName().toString().endsWith(ENDING))
                            .sorted(Comparator.reverseOrder())
                            .limit(most)
                            .sorted()
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(jobs + ": cannot be read (" + e + ")", e);
        }
        List<JobRecord> records = new ArrayList<>();
        for (Path file : files) {
            try {
                records.add(MAPPER.readValue(Files.readAllBytes(file), JobRecord.class));
            } catch (JsonProcessingException e) {
                LOG.warn("{}: is no job and is left out ({})", file, e.getOriginalMessage());
            } catch (IOException e) {
                LOG.warn("{}: cannot be read and is left out ({})", file, e.getMessage());
            }
        }
        return records;
    }

    /** Forgets a finished job and its pictures. */
    void delete(JobRecord job) {
        try {
            for (JobRecord.Picture picture : job.pictures()) {
                if (PICTURE.matcher(picture.file()).matches()) {
                    Files.deleteIfExists(folder.resolve(picture.file()));
                }
            }
            Files.deleteIfExists(jobs.resolve(job.id() + ENDING));
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be changed (" + e + ")", e);
        }
    }
}
