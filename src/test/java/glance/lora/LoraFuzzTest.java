package glance.lora;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.fuzz.Reader;
import glance.io.Config;
import glance.io.HostFloats;
import java.io.IOException;

/** Adapters that others wrote. */
class LoraFuzzTest {
    @FuzzTest
    void adapter(byte[] content) throws IOException {
        Reader.judge(
                "adapter.safetensors",
                content,
                file -> {
                    LoraFile adapter = LoraFile.openByName(file);
                    adapter.pairs().values().forEach(pair -> HostFloats.read(pair.b()));
                    adapter.remarks();
                });
    }

    @FuzzTest
    void peftConfig(byte[] content) throws IOException {
        Reader.judge(
                AdapterPath.CONFIG,
                content,
                file ->
                        PeftConfig.of(Config.read(file), "")
                                .ifPresent(
                                        config ->
                                                config.alpha("transformer_blocks.0.attn.to_q", 4)));
    }
}
