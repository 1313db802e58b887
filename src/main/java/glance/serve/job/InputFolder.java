package glance.serve.job;

import glance.api.RequestException;
import glance.io.Fingerprint;
import glance.io.SafeWrite;
import glance.text.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pictures that requests bring. Each is a file that is named by its content, and there for as
 * long as a job names it; jobs that bring the same share it.
 */
public final class InputFolder {
    private static final Logger LOG = LoggerFactory.getLogger(InputFolder.class);

    private static final String PNG = ".png";
    private static final String JPEG = ".jpg";
    private static final String WEBP = ".webp";
    private static final List<String> ENDINGS = List.of(PNG, JPEG, WEBP);

    private final Path folder;

    /** Names of files, and the ids of the jobs that name them. */
    private final Map<String, Set<String>> users = new HashMap<>();

    InputFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Keeps a picture for a job.
     *
     * @return its name
     * @throws RequestException if it is no picture of a kind that is known here
     */
    synchronized String keep(String job, String key, byte[] content) {
        String ending = ending(content);
        if (ending == null) {
            throw new RequestException(
                    key + ": is not a picture in a known format; give a PNG, JPEG or WebP");
        }
        Path aside = folder.resolve(".glance-" + UUID.randomUUID() + ".part");
        try {
            SafeWrite.write(aside, content);
            String name = Fingerprint.of(aside) + ending;
            Files.move(aside, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            users.computeIfAbsent(name, none -> new HashSet<>()).add(job);
            return name;
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be written (" + e + ")", e);
        }
    }

    /** The ending of a file's name; null if it is none of these kinds. */
    private static String ending(byte[] content) {
        int length = Math.min(12, content.length);
        String start = new String(content, 0, length, StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u0089PNG\r\n")) {
            return PNG;
        }
        if (start.startsWith("\u00ff\u00d8\u00ff")) {
            return JPEG;
        }
        return start.startsWith("RIFF") && start.endsWith("WEBP") ? WEBP : null;
    }

    /** A job names a picture from now on; whether it is there. */
    synchronized boolean use(String job, String name) {
        if (!PictureData.isName(name) || !Files.isRegularFile(folder.resolve(name))) {
            return false;
        }
        users.computeIfAbsent(name, none -> new HashSet<>()).add(job);
        return true;
    }

    /** A job names its pictures no more; those that no other names are removed. */
    synchronized void release(String job) {
        users.forEach((name, jobs) -> jobs.remove(job));
        for (String name : List.copyOf(users.keySet())) {
            if (users.get(name).isEmpty()) {
                users.remove(name);
                remove(folder.resolve(name));
            }
        }
    }

    /** Removes what no job names, such as that of a server that was killed. */
    synchronized void clear() {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(file -> !users.containsKey(file.getFileName().toString()))
                    .forEach(InputFolder::remove);
        } catch (IOException e) {
            LOG.warn("{}: cannot be cleared ({})", folder, e.getMessage());
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{}: cannot be removed ({})", file, e.getMessage());
        }
    }

    /**
     * The file of a name.
     *
     * @param key of the request, for the message
     * @throws RequestException if it is not there
     */
    Path find(String key, String name) {
        if (!PictureData.isName(name) || !Files.isRegularFile(folder.resolve(name))) {
            throw missing(key, name);
        }
        return folder.resolve(name);
    }

    /**
     * The files of a request by the words for them.
     *
     * @throws RequestException if one is not there
     */
    Map<String, Path> files(JobRequest asked) {
        Map<String, Path> files = new LinkedHashMap<>();
        asked.pictures().forEach((key, name) -> files.put(key, find(key, name)));
        return files;
    }

    static RequestException missing(String key, String name) {
        return new RequestException(
                key
                        + ": no picture is called '"
                        + PrintableText.quoted(String.valueOf(name))
                        + "' here; send the picture itself");
    }

    /** The name of the picture with this hash, if it is there. */
    public Optional<String> named(String hash) {
        return ENDINGS.stream()
                .map(ending -> hash + ending)
                .filter(PictureData::isName)
                .filter(name -> Files.isRegularFile(folder.resolve(name)))
                .findFirst();
    }

    /** A picture by its name, if it is there. */
    Optional<byte[]> read(String name) {
        try {
            return PictureData.isName(name)
                    ? Optional.of(Files.readAllBytes(folder.resolve(name)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** A refusal as the client knows its pictures: by the keys of the request, not by files. */
    RequestException inRequest(RuntimeException refusal, JobRequest asked) {
        String message = refusal.getMessage();
        for (Map.Entry<String, String> picture : asked.pictures().entrySet()) {
            String file = folder.resolve(picture.getValue()).toString();
            String key = picture.getKey();
            message = message.replace(key + " " + file, key).replace(file, key);
        }
        return new RequestException(message, refusal);
    }
}
