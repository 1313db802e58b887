package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.EngineProcess.Result;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the built jar puts native libraries, and what it does with damaged ones. */
class NativeLibrariesIT {
    private static final String TOKENIZER =
            Path.of(System.getProperty("glance.fixtures"), "qwen-tokenizer").toString();

    @TempDir private Path folder;

    private static void check(EngineProcess engine) {
        Result result = engine.run("check", TOKENIZER);
        assertThat(result.exitCode()).as(result.err()).isZero();
    }

    private static List<Path> libraries(Path cache) throws IOException {
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(file -> file.toString().contains("tokenizers.")).toList();
        }
    }

    @Test
    void truncatedLibrary_isUnpackedAgain() throws IOException {
        Path cache = folder.resolve("cache");
        EngineProcess engine = EngineProcess.in(folder).env("GLANCE_CACHE", cache.toString());
        check(engine);
        Path library = libraries(cache).get(0);
        long size = Files.size(library);
        try (FileChannel channel = FileChannel.open(library, StandardOpenOption.WRITE)) {
            channel.truncate(size / 2);
        }
        check(engine);
        assertThat(library).hasSize(size);
    }

    /** As in a container whose user has no entry in passwd. */
    @Test
    void userWithoutAHome_leavesNothingInTheWorkingFolder() throws IOException {
        Path home = Files.createDirectory(folder.resolve("home"));
        check(
                EngineProcess.in(folder)
                        .with("-Duser.home=?", "-DGLANCE_CACHE=cache")
                        .env("HOME", home.toString()));
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(home);
        }
    }
}
