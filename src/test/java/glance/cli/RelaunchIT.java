package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.io.Images;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Starting, signals and ends, on the jar as a user runs it. */
class RelaunchIT {
    private static final String NOTICE = "incubator";

    /** Runs for minutes if nothing stops it. */
    private static final String[] LONG_RUN = {
        "generate", "a red circle", "--plan", "full", "--size", "256x256", "--preview", "1"
    };

    @TempDir private Path folder;

    @Test
    void bareJava_hasSimdAndPrintsNoWarning() {
        Result result = EngineProcess.in(folder).run("devices");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("SIMD").doesNotContain("no SIMD");
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void newerJava_printsNoWarningEither() {
        Path java = EngineProcess.newerJava();
        assumeTrue(java != null, "no JDK 25 under /usr/lib/jvm");
        Result result =
                EngineProcess.in(folder).on(java).run("generate", "a red circle", "--seed", "1");
        assertThat(result.err().lines().filter(line -> !line.contains(" left")))
                .hasSize(2)
                .allMatch(line -> line.startsWith("glance-engine: "));
        assertThat(result.out()).isEqualTo("a-red-circle-1.png" + System.lineSeparator());
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void jvmThatHasTheModule_runsByItself() {
        Result result =
                EngineProcess.in(folder)
                        .with("--add-modules", Relaunch.VECTOR_MODULE)
                        .run("devices");
        assertThat(result.err()).contains(NOTICE);
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void relaunch_canBeTurnedOff() {
        Result result = EngineProcess.in(folder).env("GLANCE_NO_RELAUNCH", "1").run("devices");
        assertThat(result.exitCode()).isZero();
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("--add-modules jdk.incubator.vector");
    }

    @Test
    void jvmOptionsOfTheUser_reachTheEngine() {
        Result small = EngineProcess.in(folder).with("-Xmx96m").run("devices");
        assertThat(small.out()).doesNotContain("GiB");
        Result tool = EngineProcess.in(folder).env("JAVA_TOOL_OPTIONS", "-Dx=y").run("devices");
        assertThat(tool.err().lines()).containsExactly("Picked up JAVA_TOOL_OPTIONS: -Dx=y");
    }

    @Test
    void tooSmallHeap_isOneLine() {
        Result result =
                EngineProcess.in(folder)
                        .with("-Xmx24m")
                        .run("generate", "x", "--size", "512x512", "--seed", "1");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err().lines().filter(line -> line.contains("error")))
                .singleElement()
                .asString()
                .startsWith("glance-engine: error: out of memory")
                .contains("-Xmx");
    }

    @Test
    void exitCodes_passThrough() {
        assertThat(EngineProcess.in(folder).run("info", "nothing").exitCode())
                .isEqualTo(ExitCode.FAILURE);
        assertThat(EngineProcess.in(folder).run("nothing").exitCode())
                .isEqualTo(ExitCode.WRONG_USE);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void promptThatTheLocaleCannotCarry_isRefusedAndNotMangled() throws IOException {
        Path script = folder.resolve("run.sh");
        Files.write(
                script,
                List.of(
                        "exec '" + EngineProcess.JAVA_17 + "' -jar '" + EngineProcess.JAR + "' \\",
                        "    generate 'a caf\u00e9'"),
                StandardCharsets.UTF_8);
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString());
        builder.directory(folder.toFile()).environment().put("LC_ALL", "C");
        Result result = EngineProcess.finish(builder.start());
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("LC_ALL=C.UTF-8", "--prompts FILE");
        assertThat(result.exitCode()).isEqualTo(ExitCode.WRONG_USE);
    }

    @Test
    void stdin_reachesTheEngine() throws IOException {
        Process process =
                EngineProcess.in(folder)
                        .start(List.of(), "generate", "--prompts", "-", "--seed", "3");
        try (var stdin = process.getOutputStream()) {
            stdin.write("a blue moon\n".getBytes(StandardCharsets.UTF_8));
        }
        Result result = EngineProcess.finish(process);
        assertThat(result.out()).isEqualTo("a-blue-moon-3.png" + System.lineSeparator());
    }

    @Test
    void closedStdout_isNoError() throws IOException, InterruptedException {
        Process process = EngineProcess.in(folder).start(List.of(), "info", "--all");
        process.getInputStream().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(err).isEmpty();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void ctrlC_stopsWithinAStepAndLeavesWholeFiles() throws Exception {
        // Its own session, so that the signal reaches its process group and not this one; and
        // SIGINT is not ignored, which a build that runs in the background hands on.
        Process process =
                EngineProcess.in(folder)
                        .start(List.of("setsid", "-w", "env", "--default-signal=INT"), LONG_RUN);
        long launcher = awaitPreviewAndFindLauncher(process);
        signal("-INT", "-" + launcher);
        Result result = EngineProcess.finish(process);
        assertThat(result.err()).endsWith("glance-engine: interrupted\n");
        assertThat(result.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
        assertNothingIsLeft(launcher);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void termination_reachesTheEngine() throws Exception {
        Process process = EngineProcess.in(folder).start(List.of(), LONG_RUN);
        awaitPreviewAndFindLauncher(process);
        List<ProcessHandle> children = process.children().toList();
        signal("-TERM", Long.toString(process.pid()));
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).isEqualTo(143);
        assertThat(children).hasSize(1).noneMatch(ProcessHandle::isAlive);
        assertNothingIsLeft(process.pid());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void killedLauncher_takesTheEngineWithIt() throws Exception {
        Process process = EngineProcess.in(folder).start(List.of(), LONG_RUN);
        awaitPreviewAndFindLauncher(process);
        List<ProcessHandle> children = process.children().toList();
        process.destroyForcibly().waitFor();
        assertThat(children).hasSize(1);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (isRunning(children.get(0)) && System.nanoTime() < deadline) {
            Thread.sleep(50);
        }
        assertThat(isRunning(children.get(0))).isFalse();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void killedEngine_isExplained() throws Exception {
        Process process = EngineProcess.in(folder).start(List.of(), LONG_RUN);
        awaitPreviewAndFindLauncher(process);
        process.children().forEach(ProcessHandle::destroyForcibly);
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).isEqualTo(137);
        assertThat(result.err()).contains("the engine was killed from outside (signal 9)");
    }

    /** Waits until the run has written the picture of its first step. */
    private long awaitPreviewAndFindLauncher(Process process) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!anyFile("-step01.png") && System.nanoTime() < deadline) {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(20);
        }
        assertThat(anyFile("-step01.png")).isTrue();
        return process.info().command().orElse("").endsWith("setsid")
                ? process.children().findFirst().orElseThrow().pid()
                : process.pid();
    }

    private boolean anyFile(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.toString().endsWith(suffix));
        }
    }

    private void assertNothingIsLeft(long launcher) throws IOException {
        assertThat(ProcessHandle.of(launcher).filter(RelaunchIT::isRunning)).isEmpty();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).allSatisfy(file -> assertThat(file.toString()).endsWith(".png"));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).allSatisfy(file -> assertThat(Images.read(file)).isNotNull());
        }
    }

    /** Not even a zombie counts: where nobody collects orphans, one stays in the table. */
    private static boolean isRunning(ProcessHandle process) {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        try (Stream<String> lines = Files.lines(status)) {
            return lines.noneMatch(line -> line.startsWith("State:") && line.contains("Z"));
        } catch (IOException | UncheckedIOException e) {
            return process.isAlive();
        }
    }

    private static void signal(String signal, String target) throws Exception {
        Process kill = new ProcessBuilder("kill", signal, "--", target).start();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(kill.getErrorStream()))) {
            assertThat(reader.lines()).isEmpty();
        }
        assertThat(kill.waitFor()).isZero();
    }
}
