package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
    /** JNA's: small, and in a jar as all are. */
    private static final Map<String, String> JNA =
            Map.of("libx.so", "com/sun/jna/linux-x86-64/libjnidispatch.so");

    private static final long SIZE = 134_447;

    @TempDir Path folder;

    private Path unpack() throws IOException {
        return NativeLibraries.unpack(folder, "jna", JNA).resolve("libx.so");
    }

    private static Object fileKey(Path file) throws IOException {
        return Files.readAttributes(file, "*").get("fileKey");
    }

    @Test
    void unpack_givesTheLibraryOfTheJar_onceOnly() throws IOException {
        Path library = unpack();
        assertThat(library.startsWith(folder.resolve("native"))).isTrue();
        assertThat(library).hasSize(SIZE);
        Object before = fileKey(library);
        assertThat(unpack()).isEqualTo(library);
        assertThat(fileKey(library)).isEqualTo(before);
    }

    @Test
    void unpack_damagedLibrary_isWrittenAgain() throws IOException {
        Path library = unpack();
        byte[] right = Files.readAllBytes(library);
        try (FileChannel channel = FileChannel.open(library, StandardOpenOption.WRITE)) {
            channel.truncate(SIZE / 2);
        }
        unpack();
        assertThat(library).hasBinaryContent(right);
        byte[] wrong = right.clone();
        wrong[wrong.length / 2] ^= 1;
        Files.write(library, wrong);
        unpack();
        assertThat(library).hasBinaryContent(right);
        Files.delete(library);
        unpack();
        assertThat(library).hasBinaryContent(right);
    }

    @Test
    void unpack_libraryOfAnotherUser_isWrittenAgain() throws IOException {
        assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "only root gives away files");
        Path library = unpack();
        Files.setAttribute(library, "unix:uid", 54321);
        unpack();
        assertThat(Files.getAttribute(library, "unix:uid")).isEqualTo(0);
    }

    @Test
    void unpack_thatCannotBeWritten_saysWhyAndWhatToDo() throws IOException {
        Path library = unpack();
        Files.delete(library);
        Files.createDirectory(library);
        assertThatThrownBy(this::unpack)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage(
                        library
                                + ": cannot be written (is a folder); give a file name, or set"
                                + " GLANCE_CACHE to another folder");
    }

    @Test
    void unpack_libraryThatThisBuildHasNot_isNamed() {
        assertThatThrownBy(() -> NativeLibraries.unpack(folder, "y", Map.of("y.so", "lib/y.so")))
                .hasMessage("lib/y.so is missing in this build");
    }

    @Test
    void reason_isWhatTheLoaderSays_inOneLine() {
        assertReason(
                "/c/libx.so: libcuda.so.1: cannot open shared object file: No such file",
                "libcuda.so.1: cannot open shared object file: No such file; install it");
        assertReason(
                "Error while loading native library \"x\"\nStack trace:\n"
                        + "java.lang.UnsatisfiedLinkError: no x in java.library.path: /lib\n\tat a\n"
                        + "java.lang.UnsatisfiedLinkError: /c/libx-1.so: libz.so: wrong ELF class\n"
                        + "\tat b\n",
                "libz.so: wrong ELF class; install it");
        assertReason(
                "/c d/libx-1.so: /c d/libx-1.so: failed to map segment from shared object",
                "/c d/libx-1.so: failed to map segment from shared object; the folder seems to be"
                        + " mounted noexec: set GLANCE_CACHE to one from which programs may run");
    }

    private static void assertReason(String message, String reason) {
        Throwable error = new IllegalStateException(new UnsatisfiedLinkError(message));
        assertThat(NativeLibraries.reason(error, "install it")).isEqualTo(reason);
    }
}
