package glance.spark;

import glance.api.RequestException;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Starts a command. spark-submit has Spark on the class path; who starts the jar itself has not,
 * and gets a second JVM that has, with the options that Spark wants of Java.
 */
final class Start {
    private static final String SPARK = "org.apache.spark.sql.SparkSession";
    private static final String OPTIONS = "org.apache.spark.launcher.JavaModuleOptions";

    /** A second Java would not get the port that the first has taken. */
    private static final List<String> OF_ONE_JVM =
            List.of("-agentlib:jdwp", "-Xrunjdwp", "-Xdebug", "-Dcom.sun.management.");

    private Start() {}

    /** Runs a command, and ends the process if that did not go well. */
    static void main(Callable<Integer> command, String... args) {
        int code = run(command, args);
        // In a cluster, Spark takes any call of exit for an end too early.
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs a command, and returns its exit code. */
    static int run(Callable<Integer> command, String... args) {
        CommandLine line =
                new CommandLine(command)
                        .setExecutionStrategy(Start::execute)
                        .setExecutionExceptionHandler(
                                (e, at, parsed) -> {
                                    System.err.println("glance: " + Failures.ofJob(e));
                                    return e instanceof RequestException ? 2 : 1;
                                });
        return line.execute(args);
    }

    private static int execute(CommandLine.ParseResult parsed) {
        Class<?> command = parsed.commandSpec().userObject().getClass();
        boolean isHelp = parsed.isUsageHelpRequested();
        if (isHelp || isThere()) {
            return new CommandLine.RunLast().execute(parsed);
        }
        try {
            return again(command, parsed.originalArgs());
        } catch (RequestException e) {
            System.err.println("glance: " + e.getMessage());
            return 2;
        } catch (IOException | ReflectiveOperationException | URISyntaxException e) {
            System.err.println("glance: Spark cannot be started: " + e);
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private static boolean isThere() {
        try {
            Class.forName(SPARK, false, Thread.currentThread().getContextClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static int again(Class<?> main, List<String> args)
            throws IOException,
                    ReflectiveOperationException,
                    InterruptedException,
                    URISyntaxException {
        Path self =
                Path.of(Start.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path jars = jars(self);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options(jars)));
        command.addAll(passedOn(ManagementFactory.getRuntimeMXBean().getInputArguments()));
        command.add("--add-modules=jdk.incubator.vector");
        command.add("-Dlog4j2.configurationFile=classpath:glance/spark/local-log4j2.properties");
        command.add("-cp");
        command.add(self + File.pathSeparator + jars.resolve("*"));
        command.add(main.getName());
        command.addAll(args);
        ProcessBuilder child = new ProcessBuilder(command).inheritIO();
        child.environment().putIfAbsent("SPARK_LOCAL_IP", "127.0.0.1");
        // What these two say is among the options of this Java already.
        child.environment().remove("JAVA_TOOL_OPTIONS");
        child.environment().remove("JDK_JAVA_OPTIONS");
        Process process = child.start();
        // Who ends this process means that one.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        return process.waitFor();
    }

    /**
     * Options of this Java for the second one, which does the work and so may have most of the
     * memory.
     *
     * @param given those of this Java
     */
    static List<String> passedOn(List<String> given) {
        List<String> options = new ArrayList<>();
        for (String option : given) {
            if (OF_ONE_JVM.stream().noneMatch(option::startsWith)) {
                options.add(option);
            }
        }
        boolean hasHeap =
                given.stream()
                        .anyMatch(
                                option ->
                                        option.startsWith("-Xmx")
                                                || option.startsWith("-XX:MaxHeapSize")
                                                || option.startsWith("-XX:MaxRAM"));
        if (!hasHeap) {
            options.add("-XX:MaxRAMPercentage=75");
        }
        return options;
    }

    /** Those of SPARK_HOME, or of a folder spark-home beside this jar, as the build makes it. */
    private static Path jars(Path self) {
        String home = System.getenv("SPARK_HOME");
        Path jars =
                home == null
                        ? self.resolveSibling("spark-home").resolve("jars")
                        : Path.of(home, "jars");
        if (!Files.isDirectory(jars)) {
            throw new RequestException(
                    home == null
                            ? "Spark is not here: start this with spark-submit, or set SPARK_HOME"
                                    + " to the folder of a Spark 4"
                            : "SPARK_HOME=" + home + ": has no folder jars; it is no Spark");
        }
        return jars;
    }

    private static String[] options(Path jars) throws IOException, ReflectiveOperationException {
        Path launcher;
        try (Stream<Path> all = Files.list(jars)) {
            launcher =
                    all.filter(jar -> jar.getFileName().toString().startsWith("spark-launcher"))
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            new RequestException(
                                                    jars
                                                            + ": has no spark-launcher; it is no"
                                                            + " Spark"));
        }
        try (URLClassLoader loader = new URLClassLoader(new URL[] {launcher.toUri().toURL()})) {
            Object options =
                    loader.loadClass(OPTIONS).getMethod("defaultModuleOptions").invoke(null);
            return Arrays.stream(options.toString().split("\\s+"))
                    .filter(option -> !option.isBlank())
                    .toArray(String[]::new);
        }
    }
}
