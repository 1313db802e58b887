package glance.backend.cuda.driver;

import glance.api.DeviceException;
import glance.io.CacheFolder;
import glance.io.NativeLibraries;
import glance.io.SafeWrite;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Compiles the kernel sources and the emulator with g++ into one shared library, kept in the cache
 * folder under a name made of the hash of all that goes into it and the checksum of what came out:
 * a damaged one is built again.
 */
final class EmulatorBuild {
    private static final String COMPILER = "g++";
    private static final List<String> COMMON =
            List.of("-std=c++17", "-O2", "-g1", "-fPIC", "-Wall", "-Wextra", "-c");

    /** Kernels call our functions before each access to memory; see emulator.h. */
    private static final List<String> KERNELS =
            List.of(
                    "-x",
                    "c++",
                    "-fsanitize=thread,alignment",
                    "--param",
                    "tsan-instrument-func-entry-exit=0",
                    "-Wno-unknown-pragmas");

    private final List<String> kernels;

    /**
     * @param kernels paths of kernel files below the folder kernels, such as {@code pointwise.cu}
     */
    EmulatorBuild(List<String> kernels) {
        this.kernels = List.copyOf(kernels);
    }

    /** Why there can be no emulator here, or null if there can. */
    static String problem() {
        String os = System.getProperty("os.name");
        if (!os.equals("Linux")) {
            return "the emulator runs on Linux only, this is " + os;
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (Files.isExecutable(Paths.get(folder, COMPILER))) {
                return null;
            }
        }
        return "the emulator is compiled when first used and needs g++ on the PATH";
    }

    /** The compiled library. */
    Path library() {
        String problem = problem();
        if (problem != null) {
            throw new DeviceException("cuda-emulated: " + problem);
        }
        try {
            Map<String, byte[]> sources = sources();
            String prefix = "libglance-kernels-" + hash(sources) + "-";
            Path folder = CacheFolder.privateFolder("emulator");
            Path known = known(folder, prefix);
            return known != null ? known : buildOnce(sources, folder, prefix);
        } catch (IOException e) {
            throw new DeviceException("cuda-emulated: cannot build the emulator: " + e, e);
        } catch (UncheckedIOException e) {
            throw new DeviceException("cuda-emulated: " + e.getMessage(), e);
        }
    }

    /** A library that was built before and is what it was then, or null. */
    private static Path known(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, prefix + "*.so")) {
            for (Path file : files) {
                if (file.getFileName().toString().equals(fileName(prefix, file))) {
                    return file;
                }
            }
        }
        return null;
    }

    /** Builds; where another process does so already, waits for its library. */
    private static synchronized Path buildOnce(
            Map<String, byte[]> sources, Path folder, String prefix) throws IOException {
        try (FileChannel file =
                        FileChannel.open(
                                folder.resolve("lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                FileLock lock = file.lock()) {
            Path known = known(folder, prefix);
            return known != null ? known : build(sources, folder, prefix);
        }
    }

    private static String fileName(String prefix, Path library) throws IOException {
        return String.format("%s%08x.so", prefix, NativeLibraries.checksum(library));
    }

    private Map<String, byte[]> sources() throws IOException {
        Map<String, byte[]> sources = new TreeMap<>();
        for (String name : KernelFiles.emulatorSources()) {
            sources.put(name, KernelFiles.read(name));
        }
        for (String name : kernels) {
            sources.put(name, KernelFiles.read(name));
        }
        return sources;
    }

    private static String hash(Map<String, byte[]> sources) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((COMMON + " " + KERNELS).getBytes(StandardCharsets.UTF_8));
            sources.forEach(
                    (name, bytes) -> {
                        digest.update(name.getBytes(StandardCharsets.UTF_8));
                        digest.update(bytes);
                    });
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has SHA-256
        }
    }

    private static Path build(Map<String, byte[]> sources, Path folder, String prefix)
            throws IOException {
        Path work = Files.createTempDirectory(folder, "build");
        try {
            for (Map.Entry<String, byte[]> source : sources.entrySet()) {
                Path file = work.resolve(source.getKey());
                Files.createDirectories(file.getParent());
                Files.write(file, source.getValue());
            }
            List<Callable<String>> jobs = new ArrayList<>();
            List<String> link = new ArrayList<>(List.of(COMPILER, "-shared", "-Wl,-Bsymbolic"));
            for (String name : sources.keySet()) {
                boolean kernel = name.endsWith(".cu");
                if (kernel || name.endsWith(".cpp")) {
                    String object = name.replace('/', '-') + ".o";
                    List<String> command = new ArrayList<>(List.of(COMPILER));
                    command.addAll(COMMON);
                    if (kernel) {
                        command.addAll(KERNELS);
                        command.add("-DKERNEL_FILE=\"" + name.replace(".cu", "") + "\"");
                    }
                    command.addAll(List.of(name, "-o", object));
                    jobs.add(() -> compile(command, work));
                    link.add(object);
                }
            }
            runAll(jobs);
            link.addAll(List.of("-o", "kernels.so"));
            compile(link, work);
            Path built = work.resolve("kernels.so");
            Path library = folder.resolve(fileName(prefix, built));
            SafeWrite.write(
                    library, channel -> Files.copy(built, Channels.newOutputStream(channel)));
            return library;
        } finally {
            delete(work);
        }
    }

    private static void runAll(List<Callable<String>> jobs) throws IOException {
        ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            for (Future<String> job : pool.invokeAll(jobs)) {
                job.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DeviceException("cuda-emulated: interrupted while building the emulator", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e);
        } finally {
            pool.shutdownNow();
        }
    }

    private static String compile(List<String> command, Path work) throws IOException {
        Process process =
                new ProcessBuilder(command)
                        .directory(work.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output;
        try (InputStream stream = process.getInputStream()) {
            output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
        try {
            int code = process.waitFor();
            if (code != 0) {
                throw new IOException(
                        String.join(" ", command) + " failed with " + code + ":\n" + output);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return output;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
