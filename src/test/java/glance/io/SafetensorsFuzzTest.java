package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Whatever the bytes: a file opens with entries that fit it, or is a {@link FormatException} of one
 * line that names the file. Nothing else may come out.
 */
class SafetensorsFuzzTest {
    private static final int DATA_BYTES = 24;
    private static final String VALID =
            ("{'__metadata__':{'format':'pt'},"
                            + "'w':{'dtype':'F32','shape':[2,2],'data_offsets':[0,16]},"
                            + "'b':{'dtype':'BF16','shape':[3],'data_offsets':[16,22]},"
                            + "'m':{'dtype':'BOOL','shape':[2],'data_offsets':[22,24]}}  ")
                    .replace('\'', '"');

    private static Path file;

    @BeforeContainer
    static void createFile() throws IOException {
        file = Files.createTempFile("glance-fuzz", ".safetensors");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.deleteIfExists(file);
    }

    @Property(tries = 2000)
    void open_flippedBytes(
            @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 9999) Integer> places,
            @ForAll @Size(6) List<Byte> values) {
        byte[] content = SafetensorsBytes.of(VALID, DATA_BYTES);
        for (int i = 0; i < places.size(); i++) {
            content[places.get(i) % content.length] = values.get(i);
        }
        opensConsistentlyOrIsRefused(content);
    }

    @Property(tries = 500)
    void open_truncatedOrExtended(@ForAll @IntRange(max = 400) int length) {
        byte[] content = SafetensorsBytes.of(VALID, DATA_BYTES);
        opensConsistentlyOrIsRefused(Arrays.copyOf(content, length));
    }

    @Property(tries = 1000)
    void open_anyHeaderLength(@ForAll long length) {
        byte[] content = SafetensorsBytes.of(VALID, DATA_BYTES);
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        opensConsistentlyOrIsRefused(content);
    }

    @Property(tries = 2000)
    void open_anyNumbers(
            @ForAll @Size(max = 5) List<Long> shape,
            @ForAll @Size(max = 3) List<Long> offsets,
            @ForAll @IntRange(max = 12) int dtype) {
        String[] dtypes = {
            "F32", "BF16", "F16", "F8_E4M3", "F8_E5M2", "I64", "I32", "U8", "BOOL", "F64", "", "x"
        };
        String name = dtypes[Math.min(dtype, dtypes.length - 1)];
        opensConsistentlyOrIsRefused(
                SafetensorsBytes.of(header(name, array(shape), array(offsets)), DATA_BYTES));
    }

    @Property(tries = 3000)
    void open_smallNumbers(
            @ForAll @Size(max = 3) List<@IntRange(max = 4) Integer> shape,
            @ForAll @IntRange(max = 9) int begin,
            @ForAll @IntRange(max = 9) int end) {
        String header = header("U8", array(shape), "[" + begin + "," + end + "]");
        opensConsistentlyOrIsRefused(SafetensorsBytes.of(header, 8));
    }

    @Property(tries = 3000)
    void open_jsonFragments(@ForAll("fragments") String header) {
        opensConsistentlyOrIsRefused(SafetensorsBytes.of(header, 4));
    }

    @Property(tries = 1000)
    void open_spliced(
            @ForAll("fragments") String fragment,
            @ForAll @IntRange(max = 250) int at,
            @ForAll @IntRange(max = 30) int removed) {
        int from = Math.min(at, VALID.length());
        int to = Math.min(from + removed, VALID.length());
        String header = VALID.substring(0, from) + fragment + VALID.substring(to);
        opensConsistentlyOrIsRefused(SafetensorsBytes.of(header, DATA_BYTES));
    }

    @Property(tries = 1000)
    void open_randomBytes(@ForAll byte[] header) {
        String text = new String(header, StandardCharsets.ISO_8859_1);
        opensConsistentlyOrIsRefused(SafetensorsBytes.of("{" + text, 0));
        opensConsistentlyOrIsRefused(header);
    }

    @Provide
    Arbitrary<String> fragments() {
        Arbitrary<String> token =
                Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "\"a\"",
                        "\"b\"",
                        "\"dtype\"",
                        "\"shape\"",
                        "\"data_offsets\"",
                        "\"__metadata__\"",
                        "\"F32\"",
                        "\"U8\"",
                        "0",
                        "4",
                        "-1",
                        "1e400",
                        "1.5",
                        "true",
                        "null",
                        "[0,4]",
                        "[4]",
                        "NaN",
                        "\\",
                        "\"\\u0000\"",
                        "\"\\ud800\"",
                        "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}",
                        " ",
                        "\n",
                        "/*",
                        "'a'",
                        "99999999999999999999999");
        return Combinators.combine(token.list().ofMaxSize(12), Arbitraries.of("{", ""))
                .as((tokens, start) -> start + String.join("", tokens));
    }

    private static String header(String dtype, String shape, String offsets) {
        return "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
                .formatted(dtype, shape, offsets);
    }

    private static String array(List<? extends Number> numbers) {
        return numbers.stream().map(Number::toString).collect(Collectors.joining(",", "[", "]"));
    }

    private static void opensConsistentlyOrIsRefused(byte[] content) {
        SafetensorsBytes.write(file, content);
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            long total = 0;
            for (TensorInfo info : opened.tensors().values()) {
                assertThat(info.bytes()).isEqualTo(info.shape().numel() * info.dtype().bytes());
                assertThat((long) opened.data(info.name()).remaining()).isEqualTo(info.bytes());
                total += info.bytes();
            }
            assertThat(total).isLessThan(content.length);
        } catch (FormatException e) {
            assertThat(e).hasMessageStartingWith(file + ": ").hasMessageNotContaining("\n");
        }
    }
}
