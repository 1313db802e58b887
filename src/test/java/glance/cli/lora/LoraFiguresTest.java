package glance.cli.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.LoraTools;
import glance.api.Lora;
import glance.api.adapter.AdapterReport;
import glance.api.adapter.Extract;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.cli.Engine;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on adapters print what the library answers. */
class LoraFiguresTest {
    private static final Path MODEL = Fixture.folder("qwenimage-transformer");
    private static final Path ADAPTER = MODEL.resolve("lora.safetensors");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LoraTools tools = new LoraTools();

    @TempDir private Path folder;

    @Test
    void info_norms() {
        run("info", ADAPTER);
        for (AdapterReport.Update update : tools.info(ADAPTER).updates()) {
            assertRow(
                    update.module(),
                    1,
                    update.rank(),
                    LoraFormat.number(update.norm()),
                    LoraFormat.number(update.largest()),
                    update.rankFor95());
        }
    }

    @Test
    void resize_keptEnergy() {
        run("resize", ADAPTER, "--energy", 0.8, "--out", at("a.safetensors"));
        Resize request = Resize.of(ADAPTER).energy(0.8);
        for (Resize.Module module : tools.resize(request, Output.to(at("b.safetensors")))) {
            assertRow(
                    module.module(),
                    1,
                    module.before(),
                    module.rank(),
                    LoraFormat.percent(module.kept()),
                    LoraFormat.percent(module.kept()));
        }
        assertThat(at("a.safetensors")).hasSameBinaryContentAs(at("b.safetensors"));
    }

    @Test
    void mergeAndExtract_losses() {
        run("merge", MODEL, ADAPTER + ":0.5", "--dtype", "BF16", "--out", at("a"));
        Merge request = Merge.of(MODEL, Lora.of(ADAPTER).strength(0.5f));
        List<Merge.Module> merged = tools.merge(request, Output.to(at("b")).dtype("BF16"));
        for (Merge.Module module : merged) {
            assertRow(
                    module.module(),
                    1,
                    "BF16",
                    LoraFormat.number(Math.sqrt(module.update() / module.weight())),
                    LoraFormat.number(Math.sqrt(module.lost() / module.weight())),
                    LoraFormat.number(Math.sqrt(module.lost() / module.update())));
        }
        out.reset();
        run("extract", MODEL, at("a"), "--rank", 2, "--out", at("a.safetensors"));
        List<Extract.Module> found =
                tools.extract(Extract.of(MODEL, at("b"), 2), Output.to(at("b.safetensors")));
        for (Extract.Module module : found) {
            assertRow(
                    module.module(),
                    1,
                    LoraFormat.number(module.norm()),
                    LoraFormat.percent(module.lost()),
                    LoraFormat.percent(module.lost()));
        }
        assertThat(at("a.safetensors")).hasSameBinaryContentAs(at("b.safetensors"));
    }

    private void assertRow(Object... cells) {
        List<String> want = Arrays.stream(cells).map(Object::toString).toList();
        assertThat(out.toString().lines().map(line -> List.of(line.split(" {2,}")))).contains(want);
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private void run(Object... args) {
        Stream<Object> words = Stream.concat(Stream.of("lora"), Arrays.stream(args));
        PrintStream stream = new PrintStream(out, true);
        String[] line =
                Stream.concat(words, Stream.of("--modules"))
                        .map(Object::toString)
                        .toArray(String[]::new);
        assertThat(Engine.run(stream, stream, new StopRequest(), line)).as(out.toString()).isZero();
    }
}
