package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Libraries of the names that NVIDIA's have, which compute on the CPU (src/test/resources/glance/
 * libraries), and programs that find them in their place.
 */
final class StandIns {
    /** Where programs have their temporary files, below the folder of the libraries. */
    static final String TEMPORARY = "tmp/";

    private final Path folder;
    private final Map<String, String> environment = new HashMap<>();

    StandIns(Path folder) throws IOException {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the bindings are for x86-64");
        assumeTrue(EmulatorBuild.problem() == null, EmulatorBuild.problem());
        this.folder = folder;
        Files.createDirectory(folder.resolve(TEMPORARY));
    }

    /** Compiles a source into a library of the given name. */
    void add(String source, String library, String... linker) throws Exception {
        for (String name : List.of(source, "elements.h")) {
            try (InputStream stream = getClass().getResourceAsStream("/glance/libraries/" + name)) {
                Files.write(folder.resolve(name), stream.readAllBytes());
            }
        }
        List<String> command =
                new ArrayList<>(
                        List.of("g++", "-std=c++17", "-O2", "-Wall", "-shared", "-fPIC", source));
        command.addAll(List.of("-o", library, "-Wl,-soname," + library));
        command.addAll(Arrays.asList(linker));
        start(command);
    }

    /** The same, with all symbols in a version of the library's name, as the bindings expect. */
    void addVersioned(String source, String library) throws Exception {
        Files.writeString(folder.resolve("versions"), library + " { global: *; };");
        add(source, library, "-Wl,--version-script=versions");
    }

    /** Sets an environment variable for programs that run from now on. */
    StandIns with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** The lines that a program prints; it runs in a process of its own. */
    List<String> run(Class<?> program, String... args) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + folder.resolve(TEMPORARY));
        command.add("-DGLANCE_CACHE=" + System.getProperty("GLANCE_CACHE"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(program.getName());
        command.addAll(Arrays.asList(args));
        return start(command).lines().toList();
    }

    private String start(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("LD_LIBRARY_PATH", folder.toString());
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        String output;
        try (InputStream stream = process.getInputStream()) {
            output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
