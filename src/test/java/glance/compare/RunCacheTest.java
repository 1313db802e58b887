package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.api.Residency;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.pipeline.Drawing.Denoised;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCacheTest {
    private static final Path SLOW =
            Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors");

    @TempDir private Path folder;
    private final AtomicInteger steps = new AtomicInteger();

    private RunCache cache() {
        Settings setting = Runs.setting(List.of("a", "b"), 4);
        RunCache[] cache = new RunCache[1];
        RunListener listener =
                new RunListener() {
                    @Override
                    public void step(int step, int count, String phase, double seconds) {
                        steps.incrementAndGet();
                    }
                };
        Fixture.onCpu(
                ops ->
                        cache[0] =
                                new RunCache(
                                        new Pipeline(
                                                ops,
                                                ModelFolder.open(Fixture.tinyModel()),
                                                Residency.STREAM),
                                        ModelFolder.open(Fixture.tinyModel()),
                                        setting,
                                        folder,
                                        listener));
        return cache[0];
    }

    private static RunCache.Key run(int prompt, long seed, String plan, Lora... adapters) {
        return run(4, prompt, seed, plan, adapters);
    }

    private static RunCache.Key run(
            float guidance, int prompt, long seed, String plan, Lora... adapters) {
        Settings setting = Runs.setting(List.of("a", "b"), guidance);
        return new RunCache.Key(prompt, seed, setting.with(PlanJson.find(plan), List.of(adapters)));
    }

    @Test
    void find_ofTheSameRun_givesWhatWasKeptAndItsSteps() {
        assertThat(cache().find(run(0, 7, "glance"))).isEmpty();
        cache().keep(run(0, 7, "glance"), new Denoised(new float[] {1, 2.5f, -3}, 0.5));
        assertThat(steps).hasValue(0);
        Denoised again = cache().find(run(0, 7, "glance")).orElseThrow();
        assertThat(again.latents()).containsExactly(1, 2.5f, -3);
        assertThat(again.seconds()).isEqualTo(0.5);
        assertThat(steps).hasValue(10);
    }

    @Test
    void find_ofRunsThatDifferInAnything_findsNone() throws IOException {
        Path other = folder.resolve("other.safetensors");
        Files.write(other, new byte[] {1});
        List<RunCache.Key> runs =
                List.of(
                        run(0, 7, "glance"),
                        run(1, 7, "glance"),
                        run(0, 8, "glance"),
                        run(1, 0, 7, "glance"),
                        run(0, 7, "uniform-10"),
                        run(0, 7, "glance", Lora.of(SLOW).on("slow")),
                        run(0, 7, "glance", Lora.of(SLOW).strength(0.5f).on("slow")),
                        run(0, 7, "glance", Lora.of(SLOW).on("fast")),
                        run(0, 7, "glance", Lora.of(other).on("slow")));
        for (RunCache.Key run : runs) {
            assertThat(cache().find(run)).isEmpty();
            cache().keep(run, new Denoised(new float[1], 1));
            assertThat(cache().find(run)).isPresent();
        }
    }

    @Test
    void find_afterTheConfigBesideAnAdapterChanged_findsNone() throws IOException {
        Path peft = Files.createDirectory(folder.resolve("peft"));
        Path adapter = Files.write(peft.resolve("adapter_model.safetensors"), new byte[] {1});
        RunCache.Key run = run(0, 7, "glance", Lora.of(adapter).on("slow"));
        Files.writeString(peft.resolve("adapter_config.json"), "{\"lora_alpha\": 4}");
        cache().keep(run, new Denoised(new float[] {1}, 1));
        assertThat(cache().find(run)).isPresent();
        Files.writeString(peft.resolve("adapter_config.json"), "{\"lora_alpha\": 8}");
        assertThat(cache().find(run)).isEmpty();
    }

    @Test
    void find_ofADamagedFile_findsNone() throws IOException {
        cache().keep(run(0, 7, "glance"), new Denoised(new float[] {1}, 1));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.write(file, new byte[] {1, 2, 3});
            }
        }
        assertThat(cache().find(run(0, 7, "glance"))).isEmpty();
    }
}
