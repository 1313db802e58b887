package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
        environment.put("GLANCE_CACHE", "");
        assertPreferred("Linux", "/xdg/glance-engine");
    }

    @Test
    void preferred_relativePaths_areNotUsed() {
        for (String relative : List.of("?", "", " ", ".", "caches", "a\0b")) {
            properties.put("GLANCE_CACHE", relative);
            environment.put("GLANCE_CACHE", relative);
            environment.put("XDG_CACHE_HOME", relative);
            environment.put("LOCALAPPDATA", relative);
            assertPreferred("Linux", "/home/u/.cache/glance-engine");
            assertPreferred("Windows 11", "/home/u/AppData/Local/glance-engine");
        }
    }

    /** As in a container whose user has no entry in passwd. */
    @Test
    void preferred_userWithoutAHome_isBelowTheVariableHome_orNowhere() {
        for (String home : List.of("?", "", "relative")) {
            properties.put("user.home", home);
            properties.put("os.name", "Linux");
            environment.put("HOME", "/writable");
            assertThat(preferred()).contains(Paths.get("/writable/.cache/glance-engine"));
            properties.put("os.name", "Mac OS X");
            assertThat(preferred()).contains(Paths.get("/writable/Library/Caches/glance-engine"));
            environment.put("HOME", home);
            assertThat(preferred()).isEmpty();
        }
        properties.remove("user.home");
        environment.remove("HOME");
        assertThat(preferred()).isEmpty();
    }

    private Optional<Path> preferred() {
        return CacheFolder.preferred(properties::get, environment::get);
    }

    private void assertPreferred(String os, String expected) {
        properties.put("os.name", os);
        properties.put("user.home", "/home/u");
        assertThat(preferred()).contains(Paths.get(expected));
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
    void folders_areForTheirOwnerAlone() throws IOException {
        Path child = CacheFolder.writableChild(folder.resolve("a"), "b");
        assertThat(permissions(child)).isEqualTo("rwx------");
        assertThat(permissions(child.getParent())).isEqualTo("rwx------");
    }

    @Test
    void privateChild_openFolderOfOurs_isClosed() throws IOException {
        Path child = Files.createDirectories(folder.resolve("a/native"));
        Files.setPosixFilePermissions(child, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(CacheFolder.privateChild(folder.resolve("a"), "native")).isEqualTo(child);
        assertThat(permissions(child)).isEqualTo("rwx------");
    }

    @Test
    void privateChild_belowAFolderThatAnybodyMayWrite_isATemporaryFolder() throws IOException {
        Path root = Files.createDirectory(folder.resolve("a"));
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path child = CacheFolder.privateChild(root, "native");
        assertThat(child.startsWith(folder)).isFalse();
        assertThat(permissions(child)).isEqualTo("rwx------");
    }

    @Test
    void privateChild_ofAnotherUser_isATemporaryFolder() throws IOException {
        assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "only root gives away files");
        Path child = Files.createDirectories(folder.resolve("a/native"));
        for (Path given : List.of(child, child.getParent())) {
            Files.setAttribute(given, "unix:uid", 54321);
            assertThat(CacheFolder.privateChild(folder.resolve("a"), "native").startsWith(folder))
                    .isFalse();
            Files.setAttribute(given, "unix:uid", 0);
        }
        assertThat(CacheFolder.privateChild(folder.resolve("a"), "native")).isEqualTo(child);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
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
