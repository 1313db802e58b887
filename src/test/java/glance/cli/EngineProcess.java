package glance.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The built jar, run from outside as a user runs it. */
public final class EngineProcess {
    static final String JAR = System.getProperty("glance.jar");
    static final Path JAVA_17 = Path.of(System.getProperty("java.home"), "bin", "java");
    private static final long LIMIT_SECONDS = 120;

    private final Path java;
    private final Path folder;
    private final List<String> jvmOptions;
    private final Map<String, String> environment;

    private EngineProcess(
            Path java, Path folder, List<String> jvmOptions, Map<String, String> environment) {
        this.java = java;
        this.folder = folder;
        this.jvmOptions = jvmOptions;
        this.environment = environment;
    }

    /** What a finished process left. */
    public record Result(int exitCode, String out, String err) {}

    /** The jar on the JVM of this build, in a folder. */
    public static EngineProcess in(Path folder) {
        return new EngineProcess(JAVA_17, folder, List.of(), Map.of());
    }

    EngineProcess on(Path otherJava) {
        return new EngineProcess(otherJava, folder, jvmOptions, environment);
    }

    EngineProcess with(String... options) {
        return new EngineProcess(java, folder, List.of(options), environment);
    }

    EngineProcess env(String key, String value) {
        Map<String, String> all = new HashMap<>(environment);
        all.put(key, value);
        return new EngineProcess(java, folder, jvmOptions, all);
    }

    /** A newer JDK beside the one of this build, or null. */
    static Path newerJava() {
        for (String candidate :
                List.of(
                        "/usr/lib/jvm/temurin-25-jdk-amd64/bin/java",
                        "/usr/lib/jvm/java-25-openjdk-amd64/bin/java",
                        "/usr/lib/jvm/java-25-openjdk/bin/java",
                        "/usr/lib/jvm/jdk-25/bin/java")) {
            if (Files.isExecutable(Path.of(candidate))) {
                return Path.of(candidate);
            }
        }
        return null;
    }

    /** Runs to the end. */
    public Result run(String... args) {
        return finish(start(List.of(), args));
    }

    /**
     * Starts and returns.
     *
     * @param wrapper put before the command, such as setsid
     */
    public Process start(List<String> wrapper, String... args) {
        List<String> command = new ArrayList<>(wrapper);
        command.add(java.toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-jar", JAR));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().remove("JDK_JAVA_OPTIONS");
        builder.environment().remove("GLANCE_NO_RELAUNCH");
        builder.environment()
                .put("XDG_CACHE_HOME", Path.of(JAR).resolveSibling("it-cache").toString());
        builder.environment().put("HF_HUB_OFFLINE", "1");
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the end and collects what was printed. */
    public static Result finish(Process process) {
        try {
            CompletableFuture<String> out = read(process.getInputStream());
            CompletableFuture<String> err = read(process.getErrorStream());
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("still running after " + LIMIT_SECONDS + " s");
            }
            return new Result(process.exitValue(), out.join(), err.join());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static CompletableFuture<String> read(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (stream) {
                        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }
}
