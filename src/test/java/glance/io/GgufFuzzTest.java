package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.FormatException;
import glance.fixtures.GgufBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Whatever the bytes: a file opens with tensors that fit it and do not overlap, or is a {@link
 * FormatException} of one line that names the file. Nothing else may come out.
 */
class GgufFuzzTest {
    private static final int DATA_BYTES = 32 + 34 + 30 + 32;

    private static Path file;

    @BeforeContainer
    static void createFile() throws IOException {
        file = Files.createTempFile("glance-fuzz", ".gguf");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.deleteIfExists(file);
    }

    private static byte[] valid() {
        return new GgufBytes()
                .string("general.architecture", "flux")
                .number("general.alignment", 4, 32)
                .integers("comfy.gguf.orig_shape.c", 2, 4, 2)
                .tensor("a", GgufBytes.F32, 0, 2, 3)
                .tensor("b", GgufBytes.Q8_0, 32, 32)
                .tensor("c", GgufBytes.F32, 96, 8)
                .build(DATA_BYTES);
    }

    @Property(tries = 3000)
    void open_flippedBytes(
            @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 9999) Integer> places,
            @ForAll @Size(6) List<Byte> values) {
        byte[] content = valid();
        for (int i = 0; i < places.size(); i++) {
            content[places.get(i) % content.length] = values.get(i);
        }
        opensConsistentlyOrIsRefused(content);
    }

    @Property(tries = 500)
    void open_truncatedOrExtended(@ForAll @IntRange(max = 600) int length) {
        opensConsistentlyOrIsRefused(Arrays.copyOf(valid(), length));
    }

    @Property(tries = 3000)
    void open_anyNumberAnywhere(
            @ForAll @IntRange(max = 9999) int place, @ForAll long number, @ForAll boolean small) {
        byte[] content = valid();
        int at = place % (content.length - Long.BYTES);
        ByteBuffer.wrap(content)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(at, small ? number & 0xff : number);
        opensConsistentlyOrIsRefused(content);
    }

    @Property(tries = 1000)
    void open_randomBytes(@ForAll byte[] rest) {
        byte[] content = Arrays.copyOf(valid(), 24 + rest.length);
        System.arraycopy(rest, 0, content, 24, rest.length);
        opensConsistentlyOrIsRefused(content);
        opensConsistentlyOrIsRefused(rest);
    }

    private static void opensConsistentlyOrIsRefused(byte[] content) {
        SafetensorsBytes.write(file, content);
        try (GgufFile opened = GgufFile.open(file)) {
            long total = 0;
            for (TensorInfo info : opened.tensors().values()) {
                assertThat(info.bytes()).isEqualTo(info.dtype().bytes(info.shape().numel()));
                assertThat((long) opened.data(info.name()).remaining()).isEqualTo(info.bytes());
                total += info.bytes();
            }
            assertThat(total).isLessThan(content.length);
        } catch (FormatException e) {
            assertThat(e).hasMessageStartingWith(file + ": ").hasMessageNotContaining("\n");
        }
    }
}
