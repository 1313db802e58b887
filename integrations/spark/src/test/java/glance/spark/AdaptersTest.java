package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdaptersTest {
    @TempDir Path folder;

    private Path copy(String executor, String content) throws Exception {
        Path copy = Files.createDirectories(folder.resolve(executor)).resolve("a.safetensors");
        return Files.writeString(copy, content);
    }

    @Test
    void keep_putsEqualCopies_inOnePlace() throws Exception {
        Path cache = folder.resolve("cache");
        Path first = Adapters.keep(copy("one", "x"), cache);
        assertThat(Adapters.keep(copy("two", "x"), cache)).isEqualTo(first);
        assertThat(Adapters.keep(copy("two", "y"), cache)).isNotEqualTo(first);
        assertThat(first).hasFileName("a.safetensors").hasContent("x");
    }

    @Test
    void keep_ofAFolderThatIsThere_keepsThatOne() throws Exception {
        Path cache = folder.resolve("cache");
        copy("one/pair", "x");
        copy("two/pair", "x");
        Path first = Adapters.keep(folder.resolve("one/pair"), cache);
        assertThat(Adapters.keep(folder.resolve("two/pair"), cache)).isEqualTo(first);
        assertThat(first.resolve("a.safetensors")).hasContent("x");
    }
}
