package glance.io;

import static glance.io.NameLine.module;
import static glance.io.NameLine.pixel;
import static glance.io.NameLine.swapped;
import static glance.io.NameLine.tensor;
import static glance.io.NameLine.transposed;
import static glance.io.NameLine.withRest;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table with a line of each kind. */
class NameTableTest {
    private static final NameTable TABLE =
            new NameTable("somebody", List.of("net."), "b.0.qkv.weight", NameTableTest::lines);

    @TempDir private Path folder;

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>();
        lines.add(module("in", "embed"));
        lines.add(swapped("last", "norm_out"));
        lines.add(transposed("turned", "matrix"));
        int blocks = modules.count("b.%d.qkv", "blocks.%d.q");
        for (int i = 0; i < blocks; i++) {
            List<NameLine> block =
                    List.of(
                            module("qkv", "q", "k", "v"),
                            withRest("wide", "a", "b", "rest"),
                            swapped("mod", "mod"),
                            tensor("scale", "norm.weight"),
                            pixel("conv", "proj"));
            lines.addAll(NameLine.in("b." + i + ".", "blocks." + i + ".", block));
            lines.add(module("shared", "blocks." + i + ".shared"));
        }
        return lines;
    }

    private static final class Ours {
        private final Map<String, HostTensor> tensors = new LinkedHashMap<>();
        private final Random random;
        private final DType dtype;

        Ours(int seed, DType dtype) {
            random = new Random(seed);
            this.dtype = dtype;
        }

        Ours put(String name, int... dims) {
            Shape shape = Shape.of(dims);
            byte[] bytes = new byte[(int) dtype.bytes(shape.numel())];
            random.nextBytes(bytes);
            tensors.put(name, new HostTensor(dtype, shape, ByteBuffer.wrap(bytes)));
            return this;
        }

        Ours linear(String name, int out, int in) {
            return put(name + ".weight", out, in).put(name + ".bias", out);
        }

        Ours model(int blocks, int width) {
            linear("embed", width, 3).linear("norm_out", 2 * width, width).put("matrix", 4, width);
            linear("something.else", 2, 2);
            for (int i = 0; i < blocks; i++) {
                String block = "blocks." + i + ".";
                for (String part : List.of("q", "k", "v", "a", "b")) {
                    linear(block + part, width, width);
                }
                linear(block + "rest", 1 + random.nextInt(9), width);
                linear(block + "mod", (i == blocks - 1 ? 2 : 6) * width, width);
                linear(block + "proj", width, width).put(block + "norm.weight", width);
                linear(block + "shared", width, 2);
                for (String part : List.of(".weight", ".bias")) {
                    String shared = block + "shared" + part;
                    tensors.put(shared, tensors.get("blocks.0.shared" + part));
                }
            }
            return this;
        }

        Weights open(Path folder) {
            Path file = folder.resolve("model.safetensors");
            SafetensorsWriter.write(file, tensors, Map.of());
            return Weights.open(file);
        }
    }

    @Property(tries = 40)
    void viewOfOriginal_isTheModelItself(
            @ForAll @IntRange(min = 1, max = 12) int blocks,
            @ForAll @IntRange(min = 1, max = 9) int width,
            @ForAll int seed)
            throws IOException {
        DType dtype = List.of(DType.F32, DType.BF16, DType.F8_E4M3).get(Math.floorMod(seed, 3));
        Ours ours = new Ours(seed, dtype).model(blocks, width);
        Path temporary = Files.createTempDirectory("names");
        try (Weights weights = ours.open(temporary)) {
            Weights original = TABLE.original(weights);
            assertThat(original.tensors())
                    .containsKeys("b.0.wide.bias", "turned", "shared.weight", "something.else.bias")
                    .doesNotContainKey("blocks.0.q.weight");
            Weights back = TABLE.view(original);
            assertThat(back.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(ours.tensors.keySet());
            ours.tensors.forEach(
                    (name, tensor) -> {
                        HostTensor seen = back.tensor(name);
                        assertThat(seen.shape()).as(name).isEqualTo(tensor.shape());
                        assertThat(seen.data()).as(name).isEqualTo(tensor.data());
                    });
        } finally {
            Files.delete(temporary.resolve("model.safetensors"));
            Files.delete(temporary);
        }
    }

    private static int[] dims(Random random, int rows) {
        return random.nextInt(60) > 0
                ? new int[] {rows, 3}
                : random.ints(random.nextInt(5), 0, 8).toArray();
    }

    /** Shapes that make no sense, names that are doubled, parts that are missing. */
    @Property(tries = 300)
    void damagedFile_isSeenOrRefused(@ForAll int seed) throws IOException {
        Random random = new Random(seed);
        Ours file = new Ours(seed, DType.F32);
        boolean original = random.nextBoolean();
        List<NameLine> lines =
                lines(m -> m.matches(original ? "b\\.[01]\\.qkv" : "blocks\\.[01]\\.q")).stream()
                        .flatMap(line -> line.tensors().stream())
                        .toList();
        Set<String> theirs = lines.stream().map(NameLine::theirs).collect(toSet());
        Set<String> ours = lines.stream().flatMap(line -> line.ours().stream()).collect(toSet());
        for (String name : original ? theirs : ours) {
            if (random.nextInt(60) > 0) {
                file.put(name, dims(random, original ? 9 : 3));
            }
        }
        for (String name : original ? ours : theirs) {
            if (random.nextInt(120) == 0) {
                file.put(name, dims(random, 3));
            }
        }
        file.put("b.999999999999.qkv.bias", 9);
        Path temporary = Files.createTempDirectory("names");
        try (Weights weights = file.open(temporary)) {
            for (Function<Weights, Weights> way :
                    List.<Function<Weights, Weights>>of(TABLE::view, TABLE::original)) {
                try {
                    Weights seen = way.apply(weights);
                    seen.tensors().keySet().forEach(seen::tensor);
                } catch (FormatException e) {
                    assertThat(e).hasMessageStartingWith(weights.source() + ": ");
                }
            }
        } finally {
            Files.delete(temporary.resolve("model.safetensors"));
            Files.delete(temporary);
        }
    }

    @Test
    void original_hasFusionsAndShapesOfTheOtherProgram() {
        Ours ours = new Ours(1, DType.F32).model(2, 4);
        try (Weights weights = ours.open(folder)) {
            Weights original = TABLE.original(weights);
            assertThat(original.tensor("b.1.qkv.bias").shape()).isEqualTo(Shape.of(12));
            assertThat(original.tensor("b.0.conv.weight").shape()).isEqualTo(Shape.of(4, 4, 1, 1));
            assertThat(original.tensor("turned").shape()).isEqualTo(Shape.of(4, 4));
            ByteBuffer mod = ours.tensors.get("blocks.1.mod.bias").data();
            assertThat(original.data("b.1.mod.bias").slice(0, 16)).isEqualTo(mod.slice(16, 16));
            assertThat(original.data("b.0.mod.bias"))
                    .isEqualTo(ours.tensors.get("blocks.0.mod.bias").data());
            assertThat(TABLE.note(original)).isEqualTo(", in the names of somebody");
            assertThat(TABLE.note(weights)).isEmpty();
        }
    }

    @Test
    void original_partsThatDoNotFit_areRefused() {
        refused(
                new Ours(1, DType.F32).model(2, 4).put("blocks.1.k.weight", 2, 4),
                "blocks.1.k.weight: must have 4 rows to be part of b.1.qkv.weight, got [2, 4]");
        refused(
                new Ours(1, DType.F32).model(2, 4).put("blocks.1.v.weight", 4, 3),
                "blocks.1.v.weight: is stored in another way than blocks.1.q.weight");
        refused(
                new Ours(1, DType.F32).model(2, 4).put("blocks.0.a.weight", 3, 4),
                "blocks.0.a.weight: must have 4 rows to be part of b.0.wide.weight");
        refused(
                new Ours(1, DType.F32).model(2, 4).put("blocks.1.shared.bias", 4),
                "blocks.1.shared.bias: differs from blocks.0.shared.bias");
        refused(
                new Ours(1, DType.F32).model(2, 4).put("in.weight", 4),
                "in.weight: is the name of two tensors, embed.weight and in.weight");
        Ours mixed = new Ours(1, DType.F32).model(2, 4);
        mixed.tensors.putAll(new Ours(1, DType.F8_E4M3).put("blocks.0.b.bias", 4).tensors);
        refused(mixed, "blocks.0.b.bias: is stored in another way than blocks.0.a.bias");
        Ours unbiased = new Ours(1, DType.F32).model(2, 4);
        unbiased.tensors.remove("blocks.0.rest.bias");
        refused(unbiased, "with blocks.0.rest.bias, which is missing");
    }

    private void refused(Ours ours, String message) {
        try (Weights weights = ours.open(folder)) {
            assertThatThrownBy(() -> TABLE.original(weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(weights.source() + ": ")
                    .hasMessageContaining(message);
        }
    }
}
