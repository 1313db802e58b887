package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.fixtures.Runs;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.model.Family;
import glance.model.flux.FluxFamily;
import glance.model.flux2.Flux2Family;
import glance.model.krea2.Krea2Family;
import glance.model.sd3.Sd3Family;
import glance.model.zimage.ZImageFamily;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of transformers in the names of their first publishers. */
class OriginalNamesTest {
    @TempDir private Path folder;

    @Test
    void sd3_drawsTheSamePicture() {
        TinyFolder model = TinySd3.in(folder);
        Path adapter = model.adapter("transformer_blocks.1.attn.to_k", 32, 32);
        drawsTheSame(folder, new Sd3Family(), adapter);
    }

    @Test
    void flux_drawsTheSamePicture() {
        Path adapter = TinyFlux.adapter(folder.resolve("adapter.safetensors"));
        drawsTheSame(TinyFlux.dev(folder.resolve("dev")), new FluxFamily(), adapter);
    }

    @Test
    void flux2_drawsTheSamePicture() {
        TinyFolder model = TinyFlux2.distilled(folder);
        Path adapter = model.adapter("transformer_blocks.0.attn.to_k", 32, 32);
        drawsTheSame(folder, new Flux2Family(), adapter);
    }

    @Test
    void krea2_drawsTheSamePicture() {
        TinyFolder model = TinyKrea2.turbo(folder);
        Path adapter = model.adapter("text_fusion.layerwise_blocks.0.attn.to_q", 32, 32);
        drawsTheSame(folder, new Krea2Family(), adapter);
    }

    @Test
    void zImage_drawsTheSamePicture() {
        TinyFolder model = TinyZImage.turbo(folder);
        Path adapter = model.adapter("context_refiner.0.attention.to_q", 32, 32);
        drawsTheSame(folder, new ZImageFamily(), adapter);
    }

    private static void drawsTheSame(Path model, Family family, Path adapter) {
        List<Lora> loras = List.of(Lora.of(adapter));
        int[] plain = Runs.pixels(model, "a star", "uniform-2", List.of());
        int[] adapted = Runs.pixels(model, "a star", "uniform-2", loras);
        assertThat(adapted).isNotEqualTo(plain);
        rename(model.resolve("transformer"), family);
        assertThat(Runs.pixels(model, "a star", "uniform-2", List.of())).isEqualTo(plain);
        assertThat(Runs.pixels(model, "a star", "uniform-2", loras)).isEqualTo(adapted);
    }

    private static void rename(Path transformer, Family family) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        try (Weights weights = Weights.open(transformer)) {
            Weights original = family.originalNames().orElseThrow().original(weights);
            for (String name : original.tensors().keySet()) {
                HostTensor tensor = original.tensor(name);
                float[] values = HostFloats.read(tensor);
                theirs.put(name, HostFloats.tensor(tensor.dtype(), tensor.shape(), values));
            }
        }
        Path file = transformer.resolve("diffusion_pytorch_model.safetensors");
        assertThat(file).exists();
        SafetensorsWriter.write(file, theirs, Map.of());
    }
}
