package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hostile and damaged weights, given to the built jar. */
class DamagedFilesIT {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{                                                                     | bad.safetensors: ",
                "[]                                                                    | must start with '{'",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}     | a: ",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}} | a: ",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}      | a: ",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}      | a: ",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,3]}}      | a: ",
                "{\"a\":{\"dtype\":\"C128\",\"shape\":[1],\"data_offsets\":[0,4]}}     | a: ",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | a",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | b",
            })
    void damagedHeader_isRefusedWithTheReason(String header, String message) throws IOException {
        byte[] json = header.strip().getBytes(StandardCharsets.UTF_8);
        assertRefused(write("bad.safetensors", json.length, json, 4), message);
    }

    @Test
    void headerLongerThanTheFile_isRefused() throws IOException {
        assertRefused(
                write("bad.safetensors", 1000, new byte[] {'{', '}'}, 0),
                "header length 1000 goes beyond the end of the file");
    }

    @Test
    void headerOver100Megabytes_isRefused() throws IOException {
        assertRefused(
                write("bad.safetensors", 1L << 40, new byte[] {'{', '}'}, 0),
                "header length 1099511627776 is over the limit of 100000000 bytes");
        assertRefused(
                write("bad.safetensors", -1, new byte[] {'{', '}'}, 0),
                "header length 18446744073709551615 is over the limit");
    }

    @Test
    void emptyFile_isRefused() throws IOException {
        assertRefused(
                Files.createFile(folder.resolve("bad.safetensors")),
                "is empty, not a safetensors file");
    }

    @Test
    void missingShard_isRefused() throws IOException {
        String shard = "model-00001-of-00001.safetensors";
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, "{\"weight_map\": {\"a\": \"" + shard + "\"}}");
        assertRefused(index, "shard " + shard + " is missing");
        Result shown = EngineProcess.in(folder).run("info", folder.toString());
        assertThat(shown.out()).contains("not usable").contains("shard " + shard + " is missing");
    }

    @Test
    void indexOfAnAbsentTensor_isRefused() throws IOException {
        byte[] json =
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
                        .getBytes(StandardCharsets.UTF_8);
        write("s.safetensors", json.length, json, 4);
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(
                index, "{\"weight_map\": {\"a\": \"s.safetensors\", \"b\": \"s.safetensors\"}}");
        assertRefused(index, "b: is not in s.safetensors");
    }

    private Path write(String name, long length, byte[] header, int dataBytes) throws IOException {
        ByteBuffer file =
                ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(length).put(header);
        return Files.write(folder.resolve(name), file.array());
    }

    private void assertRefused(Path path, String message) {
        Result result = EngineProcess.in(folder).run("info", path.toString());
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .startsWith("glance-engine: error: ")
                .contains(message)
                .doesNotContain("bug in the engine");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.out()).isEmpty();
    }
}
