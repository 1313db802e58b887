package glance.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A process of Java that a test waits for, without a limit: a slow machine is no fault. */
final class SparkRun implements AutoCloseable {
    static final Path JAR = Path.of(System.getProperty("glance.spark.jar"));
    static final Path HOME = Path.of(System.getProperty("glance.spark.home"));

    /** Below target, as Maven sets it. */
    private static final Path SCRATCH = Path.of(System.getProperty("spark.local.dir"));

    private final Process process;
    private final Path log;

    private SparkRun(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts a command, with all that it says in a file. */
    static SparkRun start(Path log, List<String> command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPARK_HOME", HOME.toString());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_LOCAL_DIRS", SCRATCH.toString());
        builder.environment().put("GLANCE_CACHE", System.getProperty("GLANCE_CACHE"));
        builder.environment().put("HF_HUB_OFFLINE", "1");
        return new SparkRun(builder.start(), log);
    }

    /** Starts a program of this artifact as spark-submit does. */
    static SparkRun submit(Path log, List<String> options, List<String> args) throws Exception {
        // What bin/spark-class of a Spark does: the launcher says what Java is to be started with.
        List<String> launcher = new ArrayList<>();
        launcher.addAll(
                List.of(
                        java(),
                        "-cp",
                        HOME.resolve("jars") + "/*",
                        "org.apache.spark.launcher.Main",
                        "org.apache.spark.deploy.SparkSubmit"));
        launcher.addAll(options);
        launcher.add(JAR.toString());
        launcher.addAll(args);
        ProcessBuilder builder = new ProcessBuilder(launcher);
        builder.environment().put("SPARK_HOME", HOME.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        Process asked = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String answer = new String(asked.getInputStream().readAllBytes());
        List<String> command =
                Arrays.stream(answer.split("\0"))
                        .map(String::strip)
                        .filter(word -> !word.isEmpty())
                        .toList();
        return start(log, command);
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The processes of its executors. */
    List<ProcessHandle> executors() {
        // Workers of a local cluster are threads of the driver, and start nothing else.
        return process.children().toList();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Its exit code. */
    int await() throws InterruptedException {
        return process.waitFor();
    }

    /** What it has said. */
    String said() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
