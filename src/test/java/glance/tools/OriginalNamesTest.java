package glance.tools;

import static org.assertj.core.api.Assertions.assertThat;

import glance.LoraTools;
import glance.api.Lora;
import glance.api.adapter.Extract;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.NameTable;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.model.Family;
import glance.model.dit.DitFamily;
import glance.model.flux.FluxFamily;
import glance.model.flux2.Flux2Family;
import glance.model.krea2.Krea2Family;
import glance.model.sd3.Sd3Family;
import glance.model.zimage.ZImageFamily;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters in the names of diffusers, and checkpoints in those of their first publishers. */
class OriginalNamesTest {
    private static final String PREFIX = "model.diffusion_model.";

    @TempDir private Path folder;
    private Path file;
    private Path theirs;

    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of("flux-transformer", new FluxFamily()),
                Arguments.of("flux2-transformer", new Flux2Family()),
                Arguments.of("sd3-transformer", new Sd3Family()),
                Arguments.of("krea2-transformer", new Krea2Family()),
                Arguments.of("z-image-transformer", new ZImageFamily()));
    }

    /** The case as one file in our names, and in theirs with a part of another kind beside it. */
    private void write(String name, NameTable table) {
        file = folder.resolve("ours.safetensors");
        Map<String, HostTensor> ours = Fixture.tensors(Fixture.folder(name));
        ours.replaceAll(
                (n, tensor) -> ours.get(n.replaceAll("s\\.\\d+\\.norm1\\.emb", "s.0.norm1.emb")));
        SafetensorsWriter.write(file, ours, Map.of());
        Map<String, HostTensor> all;
        try (Weights weights = Weights.open(file)) {
            all = new HashMap<>(NameTwin.prefixed(PREFIX, tensors(table.original(weights))));
        }
        all.put("vae.x", HostFloats.tensor(DType.F32, Shape.of(2), 5, 6));
        theirs = folder.resolve("theirs.safetensors");
        SafetensorsWriter.write(theirs, all, Map.of("format", "pt"));
    }

    private static Map<String, HostTensor> tensors(Weights weights) {
        Map<String, HostTensor> tensors = new HashMap<>();
        weights.tensors().keySet().forEach(name -> tensors.put(name, copy(weights.tensor(name))));
        return tensors;
    }

    private static HostTensor copy(HostTensor tensor) {
        return HostFloats.tensor(tensor.dtype(), tensor.shape(), HostFloats.read(tensor));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void merge_keepsTheNamesAndGivesTheSameWeights(String name, Family family) {
        NameTable table = family.originalNames().orElseThrow();
        write(name, table);
        Lora adapter = Lora.of(Fixture.folder(name).resolve("lora.safetensors"));
        Path ours = folder.resolve("merged.safetensors");
        Path other = folder.resolve("merged-theirs.safetensors");
        LoraTools tools = new LoraTools();
        tools.merge(Merge.of(file, adapter), Output.to(ours));
        tools.merge(Merge.of(theirs, adapter), Output.to(other));
        try (Weights one = Weights.open(ours);
                Weights two = Weights.open(other);
                Weights before = Weights.open(theirs)) {
            assertThat(two.tensors()).isEqualTo(before.tensors());
            assertThat(two.metadata()).isEqualTo(before.metadata());
            assertThat(HostFloats.read(two.tensor("vae.x"))).containsExactly(5, 6);
            Weights view = table.view(two);
            assertThat(view.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(one.tensors().keySet());
            one.tensors()
                    .keySet()
                    .forEach(n -> assertThat(view.data(n)).as(n).isEqualTo(one.data(n)));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void extract_namesWhatChangedAsDiffusersDoes(String name, Family family) {
        write(name, family.originalNames().orElseThrow());
        Path adapter = Fixture.folder(name).resolve("lora.safetensors");
        Path tuned = folder.resolve("tuned.safetensors");
        LoraTools tools = new LoraTools();
        tools.merge(Merge.of(file, Lora.of(adapter)), Output.to(tuned));
        Path extracted = folder.resolve("extracted.safetensors");
        tools.extract(Extract.of(theirs, tuned, 4), Output.to(extracted));
        assertThat(Fixture.tensors(extracted).keySet())
                .isNotEmpty()
                .allMatch(
                        key ->
                                key.matches(
                                        "transformer\\.(single_)?transformer_blocks.*lora_.*|transformer\\.text_fusion.*lora_.*"
                                                + "|transformer\\.(layers|noise_refiner|context_refiner)\\..*lora_.*"));
    }

    @Test
    void prefixBeforeNamesOfDiffusers_isKept() {
        Path source = Fixture.folder("qwenimage-transformer");
        file = folder.resolve("ours.safetensors");
        theirs = folder.resolve("theirs.safetensors");
        Map<String, HostTensor> tensors = Fixture.tensors(source);
        SafetensorsWriter.write(file, tensors, Map.of());
        SafetensorsWriter.write(theirs, NameTwin.prefixed(PREFIX, tensors), Map.of());
        Lora adapter = Lora.of(source.resolve("lora.safetensors"));
        Path ours = folder.resolve("merged.safetensors");
        Path other = folder.resolve("merged-theirs.safetensors");
        LoraTools tools = new LoraTools();
        tools.merge(Merge.of(file, adapter), Output.to(ours));
        tools.merge(Merge.of(theirs, adapter), Output.to(other));
        Map<String, HostTensor> want = NameTwin.prefixed(PREFIX, Fixture.tensors(ours));
        Map<String, HostTensor> got = Fixture.tensors(other);
        assertThat(got).containsOnlyKeys(want.keySet());
        want.forEach((n, tensor) -> assertThat(got.get(n).data()).as(n).isEqualTo(tensor.data()));
        Path extracted = folder.resolve("extracted.safetensors");
        tools.extract(Extract.of(theirs, ours, 4), Output.to(extracted));
        assertThat(Fixture.tensors(extracted).keySet())
                .isNotEmpty()
                .allMatch(key -> key.startsWith("transformer.transformer_blocks."));
    }

    /** Its authors embed timesteps once, and we for each block. */
    @Test
    void merge_countsAndReportsWhatIsWritten() {
        write("dit-transformer", new DitFamily().originalNames().orElseThrow());
        Map<String, HostTensor> adapter = new HashMap<>();
        String embedder = ".norm1.emb.timestep_embedder.linear_1";
        Fixture.tensors(file)
                .forEach(
                        (name, tensor) -> {
                            if (name.endsWith(embedder + ".weight")) {
                                String key = "transformer." + name.replaceAll("weight$", "lora_");
                                adapter.put(key + "A.weight", ones(1, tensor.shape().dim(1)));
                                adapter.put(key + "B.weight", ones(tensor.shape().dim(0), 1));
                            }
                        });
        assertThat(adapter).hasSizeGreaterThan(2);
        Path lora = folder.resolve("embedder.safetensors");
        SafetensorsWriter.write(lora, adapter, Map.of());
        List<String> steps = new ArrayList<>();
        List<String> modules =
                new LoraTools((name, done, total) -> steps.add(name + " " + done + "/" + total))
                                .merge(
                                        Merge.of(theirs, Lora.of(lora)),
                                        Output.to(folder.resolve("merged.safetensors")))
                                .stream()
                                .map(Merge.Module::module)
                                .toList();
        int count = Fixture.tensors(theirs).size();
        assertThat(steps).hasSize(count).last().asString().endsWith(count - 1 + "/" + count);
        assertThat(modules).containsExactly("transformer_blocks.0" + embedder);
    }

    private static HostTensor ones(int... dims) {
        Shape shape = Shape.of(dims);
        float[] ones = new float[Math.toIntExact(shape.numel())];
        Arrays.fill(ones, 1);
        return HostFloats.tensor(DType.F32, shape, ones);
    }
}
