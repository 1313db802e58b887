package glance.io;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that people take for safetensors files. */
class ForeignFileTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GGUF\\3\\0\\0\\0\\0\\0\\0\\0 | is a GGUF file, not a safetensors file; adapters are read from",
                "PK\\3\\4\\0\\0\\b\\b\\0\\0archive/data.pkl | is a PyTorch pickle or another zip file",
                "\\200\\2\\212\\nl\\374\\234F\\371 j\\250P\\31. | is a Python pickle (PyTorch)",
                "\\200\\4\\225\\0\\0\\0\\0\\0\\0\\0\\0}\\224. | a pickle can run code when it is opened",
                "version https://git-lfs.github.com/spec/v1\\n | is a Git LFS pointer to the file, not a safetensors file; run git lfs pull",
                "Entry not found | is text: 'Entry not found'",
                "<!DOCTYPE html>\\n<html> | is a web page",
                "\\n  <HTML lang=en> | is a web page",
                "<Error><Code>AccessDenied</Code> | is an XML document",
                "{\"error\":\"Invalid username or password.\"} | is JSON: '{\"error\":\"Invalid username or password.\"}'",
                "{} | is JSON",
                "'' | is empty",
                "\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0 | begins with zeros",
                "\\037\\213\\b\\0\\0\\0\\0\\0\\0\\0 | is compressed with gzip",
                "\\223NUMPY\\1\\0v\\0 | is a NumPy array",
                "\\211HDF\\r\\n\\32\\n\\0 | is an HDF5 file",
                "\\211PNG\\r\\n\\32\\n\\0 | is a PNG picture"
            })
    void open_otherKindOfFile_saysWhatItIs(String start, String message) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Files.write(file, start.translateEscapes().getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> SafetensorsFile.open(file))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void open_longText_isQuotedInPart() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Files.writeString(file, "\ufeffé ".repeat(1000));
        assertThatThrownBy(() -> SafetensorsFile.open(file))
                .hasMessageMatching(".*is text: '.{60,64}', not.*");
    }

    @Test
    void open_folder_namesTheFilesInIt() throws IOException {
        Files.createFile(folder.resolve("b.safetensors"));
        Files.createFile(folder.resolve("a.json"));
        assertThatThrownBy(() -> SafetensorsFile.open(folder))
                .hasMessage(
                        folder
                                + ": is a folder, not a file; give a file in it, such as a.json, b.safetensors");
    }

    @Test
    void open_danglingLink_namesWhereItLeads() throws IOException {
        Path link = folder.resolve("model.safetensors");
        Files.createSymbolicLink(link, Path.of("../../blobs/0123"));
        assertThatThrownBy(() -> SafetensorsFile.open(link))
                .hasMessageStartingWith(
                        link + ": is a link to ../../blobs/0123, which is not there");
    }
}
