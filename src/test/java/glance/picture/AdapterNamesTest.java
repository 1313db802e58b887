package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Lora;
import glance.io.BuiltInModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterNamesTest {
    @TempDir private Path folder;

    @Test
    void filesOfTheBuiltInModel_haveNamesThatHoldEverywhere() {
        Path file = BuiltInModel.path().resolve("vae/diffusion_pytorch_model.safetensors");
        Lora spec = Lora.of(file).strength(0.5f).on("slow");
        String text = AdapterNames.text(spec);
        assertThat(text).isEqualTo("glance-tiny/vae/diffusion_pytorch_model.safetensors:0.5@slow");
        assertThat(AdapterNames.parse(text)).isEqualTo(spec);
    }

    @Test
    void otherAdapters_keepTheirPaths() throws IOException {
        Path file = Files.createFile(folder.resolve("glance-tiny.safetensors"));
        String text = file + ":2@1-5";
        assertThat(AdapterNames.text(AdapterNames.parse(text))).isEqualTo(text);
    }

    @Test
    void missingAdapter_isRefusedByItsName() {
        assertThatThrownBy(() -> AdapterNames.parse("glance-tiny/experts/none.safetensors"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("glance-tiny/experts/none.safetensors")
                .hasMessageContaining("no such file");
    }
}
