package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.io.BuiltInModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    }

    @Test
    void filesOfTheHub_haveNamesThatHoldEverywhere() throws IOException {
        Path repo = folder.resolve("models--some-one--style");
        Path file = repo.resolve("snapshots/12/a.safetensors");
        Files.createDirectories(file.getParent());
        Files.createDirectories(repo.resolve("refs"));
        Files.writeString(repo.resolve("refs/main"), "12");
        assertThat(AdapterNames.text(Lora.of(Files.createFile(file)).strength(2).on("1-5")))
                .isEqualTo("some-one/style/a.safetensors:2@1-5");
    }

    @Test
    void otherAdapters_keepTheirPaths() throws IOException {
        Path file = Files.createFile(folder.resolve("glance-tiny.safetensors"));
        String text = file + ":2@1-5";
        assertThat(AdapterNames.text(Lora.parse(text))).isEqualTo(text);
    }

    @Test
    void split_isWhereAnAdapterBegins() throws IOException {
        String plain = Files.createFile(folder.resolve("slow.safetensors")).toString();
        String odd = Files.createFile(folder.resolve("a,b@c:1,d.safetensors")).toString();
        String peft = Files.createDirectory(folder.resolve("fast")).toString();
        Files.createFile(folder.resolve("fast/adapter_model.safetensors"));
        String tiny = "glance-tiny/experts/slow.safetensors";
        for (String options :
                List.of(
                        "",
                        ":1/0.8/0.5@slow",
                        ":0.2..1@1-3,7",
                        "@0%-25%,50%-75%",
                        "@slow,sigma=1..0.8,fast")) {
            List<String> all = new ArrayList<>(List.of("glance"));
            for (String name : List.of(plain, odd, peft, tiny)) {
                all.add(name + options);
            }
            all.add(2, "own");
            assertThat(AdapterNames.split(String.join(",", all), "own")).isEqualTo(all);
        }
    }

    @Test
    void split_leavesWhatIsMissingOnItsOwn() {
        assertThat(AdapterNames.split("glance,none.safetensors@slow,fast,7x"))
                .containsExactly("glance", "none.safetensors@slow,fast", "7x");
    }
}
