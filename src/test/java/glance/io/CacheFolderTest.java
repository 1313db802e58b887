package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();

    @TempDir Path folder;

    @Test
    void preferred_perSystem_isItsCacheFolder() {
        assertPreferred("Linux", "/home/u/.cache/glance-engine");
        assertPreferred("Mac OS X", "/home/u/Library/Caches/glance-engine");
        assertPreferred("Windows 11", "/home/u/AppData/Local/glance-engine");
        environment.put("XDG_CACHE_HOME", "/xdg");
        environment.put("LOCALAPPDATA", "/local");
        assertPreferred("Linux", "/xdg/glance-engine");
        assertPreferred("Windows 11", "/local/glance-engine");
        environment.put("XDG_CACHE_HOME", "relative");
        assertPreferred("Linux", "/home/u/.cache/glance-engine");
    }

    @Test
    void preferred_override_winsOverAll() {
        environment.put("XDG_CACHE_HOME", "/xdg");
        environment.put("GLANCE_CACHE", "/mine");
        assertPreferred("Linux", "/mine");
        properties.put("GLANCE_CACHE", "/property");
        assertPreferred("Mac OS X", "/property");
        properties.put("GLANCE_CACHE", " ");
        assertPreferred("Linux", "/mine");
    }

    private void assertPreferred(String os, String expected) {
        properties.put("os.name", os);
        properties.put("user.home", "/home/u");
        assertThat(CacheFolder.preferred(properties::get, environment::get))
                .isEqualTo(Paths.get(expected));
    }

    @Test
    void writableChild_isCreated() {
        Path child = CacheFolder.writableChild(folder.resolve("a/b"), "c");
        assertThat(child).isEqualTo(folder.resolve("a/b/c")).isDirectory();
    }

    @Test
    void writableChild_rootIsAFile_fallsBackToOneTemporaryFolder() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Path first = CacheFolder.writableChild(file, "c");
        assertThat(first).isDirectory().isWritable();
        assertThat(first.startsWith(folder)).isFalse();
        assertThat(CacheFolder.writableChild(file, "c")).isEqualTo(first);
    }

    @Test
    void deleteQuietly_removesAllBelow() throws IOException {
        Path root = Files.createDirectories(folder.resolve("x/y")).getParent();
        Files.writeString(root.resolve("y/file"), "1");
        CacheFolder.deleteQuietly(root);
        assertThat(root).doesNotExist();
        CacheFolder.deleteQuietly(root);
    }
}
