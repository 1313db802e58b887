package glance.bench;

import glance.roofline.Spread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A whole run of the command line, from process start to exit, with the file written. */
final class ColdStart {
    static final List<String> ARGUMENTS =
            List.of(
                    "generate",
                    "three blue stars on a white background",
                    "--threads",
                    Integer.toString(Workload.THREADS));

    private static final long LOOK_MILLIS = 5;
    private static final int LIMIT_SECONDS = 120;

    private ColdStart() {}

    /**
     * Results.
     *
     * @param seconds process start to exit
     * @param largestMegabytes peak resident memory of the largest process
     * @param totalMegabytes peak of the sum over the process tree (a launcher and its child)
     * @param problem why there is no result, or null
     */
    record Result(Spread seconds, Spread largestMegabytes, Spread totalMegabytes, String problem) {
        static Result none(String problem) {
            return new Result(null, null, null, problem);
        }
    }

    static Result run(Path jar, int rounds) throws IOException, InterruptedException {
        if (!Files.isRegularFile(jar)) {
            return Result.none("no file " + jar.getFileName() + "; build the engine first");
        }
        double[] seconds = new double[rounds];
        double[] largest = new double[rounds];
        double[] total = new double[rounds];
        // One run more: the first fills the file cache and unpacks the built-in model.
        for (int i = -1; i < rounds; i++) {
            Path folder = Files.createTempDirectory("glance-cold-start");
            try {
                Path picture = folder.resolve("picture.png");
                Path log = folder.resolve("log.txt");
                long start = System.nanoTime();
                Process process = start(jar, picture, log);
                ProcessTree tree = new ProcessTree(process.toHandle());
                while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    tree.look();
                    if (System.nanoTime() - start > LIMIT_SECONDS * 1_000_000_000L) {
                        process.descendants().forEach(ProcessHandle::destroyForcibly);
                        process.destroyForcibly().waitFor();
                        return Result.none("not finished after " + LIMIT_SECONDS + " s");
                    }
                }
                double wall = (System.nanoTime() - start) * 1e-9;
                if (process.exitValue() != 0 || !Files.isRegularFile(picture)) {
                    return Result.none("exit code " + process.exitValue() + ": " + lastLine(log));
                }
                if (i >= 0) {
                    seconds[i] = wall;
                    largest[i] = tree.largestMegabytes();
                    total[i] = tree.totalMegabytes();
                }
            } finally {
                delete(folder);
            }
        }
        return new Result(Spread.of(seconds), Spread.of(largest), Spread.of(total), null);
    }

    private static Process start(Path jar, Path picture, Path log) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder = new ProcessBuilder(java, "-jar", jar.toAbsolutePath().toString());
        builder.command().addAll(ARGUMENTS);
        builder.command().addAll(List.of("--out", picture.toString()));
        return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    private static String lastLine(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
        return lines.isEmpty() ? "no output" : lines.get(lines.size() - 1);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
