package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.BlockFactors;
import glance.api.CancelledException;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.RequestException;
import glance.api.adapter.AdapterReport;
import glance.api.adapter.Convert;
import glance.api.adapter.Extract;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.api.adapter.Watch;
import glance.fixtures.Fixture;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.lora.LoraFile;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraToolsTest {
    private static final Path QWEN = Fixture.folder("qwenimage-transformer");
    private static final Path ADAPTER = QWEN.resolve("lora.safetensors");
    private static final Path SD3 = Fixture.folder("sd3-transformer");
    private static final Path PARTS =
            Fixture.folder("flux-tiny-adapters").resolve("text_encoder.safetensors");

    private final LoraTools tools = new LoraTools();

    @TempDir private Path folder;

    /** Every tool that writes, at work on the same adapter. */
    private enum Tool {
        RESIZE((tools, out) -> tools.resize(Resize.of(ADAPTER).rank(2), out)),
        MERGE((tools, out) -> tools.merge(Merge.of(weights(), Lora.of(ADAPTER)), out)),
        EXTRACT(
                (tools, out) -> {
                    Path tuned = out.path().resolveSibling("tuned.part");
                    new LoraTools().merge(Merge.of(QWEN, Lora.of(ADAPTER)), Output.to(tuned));
                    try {
                        tools.extract(Extract.of(QWEN, tuned, 2), out);
                    } finally {
                        delete(tuned);
                    }
                }),
        CONVERT((tools, out) -> tools.convert(Convert.of(ADAPTER, "diffusers"), out));

        private final BiConsumer<LoraTools, Output> work;

        Tool(BiConsumer<LoraTools, Output> work) {
            this.work = work;
        }

        private static Path weights() {
            return QWEN.resolve("diffusion_pytorch_model.safetensors");
        }

        private static void delete(Path folder) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
                Files.delete(folder);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Ends the work when some pieces have begun. */
    private static final class Ending implements Watch {
        private final List<String> heard = new ArrayList<>();
        private final int most;

        Ending(int most) {
            this.most = most;
        }

        @Override
        public void next(String name, int done, int total) {
            assertThat(done).isEqualTo(heard.size()).isLessThan(total);
            heard.add(name);
        }

        @Override
        public boolean isCancelled() {
            return heard.size() == most;
        }
    }

    @Test
    void info_saysWhatAnAdapterHoldsAndDoes() {
        AdapterReport report = tools.info(ADAPTER);
        assertThat(report.adapter().modules()).isEqualTo(24);
        assertThat(report.adapter().ranks()).isEqualTo(Map.of(4, 24));
        assertThat(report.adapter().problem()).isNull();
        assertThat(report.updates())
                .hasSize(24)
                .allSatisfy(
                        update -> {
                            assertThat(update.rankFor95()).isBetween(1, 4);
                            assertThat(update.largest()).isPositive();
                            assertThat(update.norm()).isGreaterThan(update.largest());
                        });
    }

    /** Norms are those of the whole matrices, to float32. */
    @Test
    void info_fullRank_hasTheNormOfTheAddition() {
        Path file = at("full.safetensors");
        HostTensor w1 = HostFloats.tensor(DType.F32, Shape.of(1, 2), 3, 4);
        HostTensor w2 = HostFloats.tensor(DType.F32, Shape.of(2, 1), 1, 2);
        HostTensor column = HostFloats.tensor(DType.F32, Shape.of(2, 1), 1, -1);
        SafetensorsWriter.write(
                file,
                Map.of(
                        "kr.lokr_w1", w1,
                        "kr.lokr_w2", w2,
                        "d.diff", HostFloats.tensor(DType.F32, Shape.of(2, 2), 1, 1, 1, 1),
                        "ha.hada_w1_a", column,
                        "ha.hada_w1_b", w1,
                        "ha.hada_w2_a", column,
                        "ha.hada_w2_b", w1),
                Map.of());
        Map<String, Double> norms = new HashMap<>();
        tools.info(file)
                .updates()
                .forEach(
                        update -> {
                            assertThat(update.rank()).isZero();
                            assertThat(update.largest()).isNull();
                            assertThat(update.rankFor95()).isNull();
                            norms.put(update.module(), update.norm());
                        });
        // |kron| = |w1| |w2|; the rows of the LoHa are (9, 16) and (9, 16)
        assertThat(norms).containsOnlyKeys("kr", "d", "ha");
        assertThat(norms.get("kr")).isCloseTo(Math.sqrt(125), within(1e-5));
        assertThat(norms.get("d")).isCloseTo(2, within(1e-5));
        assertThat(norms.get("ha")).isCloseTo(Math.sqrt(2 * (81 + 256)), within(1e-5));
    }

    @Test
    void info_adapterOfAnotherKind_saysWhyItCannotBeUsed() {
        Path oft = at("oft.safetensors");
        SafetensorsWriter.write(
                oft,
                Map.of("m.oft_blocks", HostFloats.tensor(DType.F32, Shape.of(4, 2), new float[8])),
                Map.of());
        AdapterReport report = tools.info(oft);
        assertThat(report.adapter().problem()).contains("OFT");
        assertThat(report.updates()).isEmpty();
        assertThatThrownBy(() -> tools.info(Tool.weights())).isInstanceOf(FormatException.class);
    }

    @Test
    void resize_writesTheRankAndTheDtypeAskedFor() {
        Path out = at("small.safetensors");
        List<Resize.Module> result =
                tools.resize(Resize.of(ADAPTER).rank(2), Output.to(out).dtype("BF16"));
        LoraFile written = LoraFile.openByName(out);
        assertThat(written.pairs()).hasSize(24);
        assertThat(result)
                .extracting(Resize.Module::module)
                .containsExactlyElementsOf(LoraFile.openByName(ADAPTER).pairs().keySet());
        assertThat(result)
                .allSatisfy(
                        module -> {
                            assertThat(module.before()).isEqualTo(4);
                            assertThat(module.rank()).isEqualTo(2);
                            assertThat(module.kept()).isBetween(0.3, 1.0);
                            assertThat(written.pairs().get(module.module()).a().dtype())
                                    .isEqualTo(DType.BF16);
                        });
    }

    @Test
    void extract_findsWhatMergeAdded() {
        Path tuned = at("tuned");
        List<Merge.Module> merged = tools.merge(Merge.of(QWEN, Lora.of(ADAPTER)), Output.to(tuned));
        List<Extract.Module> found =
                tools.extract(Extract.of(QWEN, tuned, 4), Output.to(at("x.safetensors")));
        assertThat(merged).hasSameSizeAs(found).hasSize(24);
        for (int i = 0; i < 24; i++) {
            Merge.Module added = merged.get(i);
            Extract.Module module = found.get(i);
            assertThat(module.module()).isEqualTo(added.module());
            double norm = Math.sqrt(added.update());
            assertThat(module.norm()).isCloseTo(norm, within(1e-5 * norm));
            assertThat(module.lost()).isLessThan(1e-5);
            assertThat(added.lost()).isPositive().isLessThan(1e-12 * added.weight());
        }
    }

    @Test
    void extract_targets_areTheOnlyOnes() {
        Path tuned = at("tuned");
        tools.merge(Merge.of(QWEN, Lora.of(ADAPTER)), Output.to(tuned));
        Extract some = Extract.of(QWEN, tuned, 4).targets("to_q", "to_k");
        assertThat(tools.extract(some, Output.to(at("x.safetensors"))))
                .isNotEmpty()
                .allMatch(module -> module.module().matches(".*\\.to_[qk]"));
    }

    @Test
    void merge_partOfAnAdapterHasNoPlace_needsLeave() {
        Path transformer = Fixture.folder("flux-tiny").resolve("transformer");
        Merge merge = Merge.of(transformer, Lora.of(PARTS));
        assertThatThrownBy(() -> tools.merge(merge, Output.to(at("merged"))))
                .isInstanceOf(FormatException.class);
        assertThat(folder).isEmptyDirectory();
        List<String> warnings = new ArrayList<>();
        Watch watch =
                new Watch() {
                    @Override
                    public void next(String name, int done, int total) {}

                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        new LoraTools(watch).merge(merge.allowPartial(true), Output.to(at("merged")));
        assertThat(warnings).anyMatch(line -> line.contains("no text encoder lora_te1"));
    }

    @Test
    void convert_saysWhatBecameOfTheRank() {
        Convert kohya = Convert.of(SD3.resolve("lora.safetensors"), "kohya").model(SD3);
        Path out = at("kohya.safetensors");
        Convert.Result result = tools.convert(kohya, Output.to(out));
        assertThat(result.before()).isEqualTo(4);
        assertThat(result.rank()).isEqualTo(12);
        assertThat(LoraFile.openByName(out).pairs()).hasSize(result.modules());
    }

    @ParameterizedTest
    @EnumSource
    void existingFile_staysUnlessToldOtherwise(Tool tool) throws IOException {
        Path taken = Files.writeString(at("x.safetensors"), "mine");
        assertThatThrownBy(() -> tool.work.accept(tools, Output.to(taken)))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("out " + taken + ": exists already");
        assertThat(taken).hasContent("mine");
        tool.work.accept(tools, Output.to(taken).overwrite(true));
        assertThat(Fixture.tensors(taken)).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void badOutput_isABadRequest(Tool tool) {
        for (Output bad :
                List.of(
                        Output.to(at("x.bin")),
                        Output.to(at("missing/x.safetensors")),
                        Output.to(at("x.safetensors")).dtype("I32"),
                        Output.to(at("x.safetensors")).dtype("none"))) {
            if (tool != Tool.EXTRACT || Files.exists(bad.path().getParent())) {
                assertThatThrownBy(() -> tool.work.accept(tools, bad))
                        .isInstanceOf(RequestException.class);
            }
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void folder_isNeverReplaced() throws IOException {
        Files.createDirectory(at("mine"));
        Merge merge = Merge.of(QWEN, Lora.of(ADAPTER));
        assertThatThrownBy(() -> tools.merge(merge, Output.to(at("mine")).overwrite(true)))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("folders are not replaced");
        assertThat(at("mine")).isEmptyDirectory();
    }

    @Test
    void badValues_areBadRequests() {
        Output out = Output.to(at("x.safetensors"));
        Resize resize = Resize.of(ADAPTER);
        Lora lora = Lora.of(ADAPTER);
        BlockFactors half = new BlockFactors(List.of(new BlockFactors.Range(0, 1, 0.5f)));
        assertRefused(() -> tools.resize(resize, out), "give one or both");
        assertRefused(() -> tools.resize(resize.rank(0), out), "rank must be at least 1, got 0");
        assertRefused(() -> tools.resize(resize.energy(2), out), "energy must be above 0");
        assertRefused(() -> Extract.of(QWEN, QWEN, 0), "rank must be at least 1, got 0");
        assertRefused(() -> Merge.of(QWEN), "at least one");
        assertRefused(() -> Merge.of(QWEN, lora.on("slow")), "leave @ out");
        assertRefused(() -> Merge.of(QWEN, lora.blocks(half)), "one strength");
        assertRefused(
                () -> tools.convert(Convert.of(ADAPTER, "other"), out),
                "to other: expected one of diffusers, peft, comfyui, kohya, onetrainer");
        assertThat(folder).isEmptyDirectory();
    }

    private static void assertRefused(Runnable request, String words) {
        assertThatThrownBy(request::run)
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(words);
    }

    /** Renaming is over before anybody could end it. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CONVERT")
    void cancelledWork_leavesNothing(Tool tool) {
        Ending watch = new Ending(3);
        Output out = Output.to(at("x.safetensors"));
        assertThatThrownBy(() -> tool.work.accept(new LoraTools(watch), out))
                .isInstanceOf(CancelledException.class);
        assertThat(watch.heard).hasSize(3);
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void cancelledMergeOfAModel_leavesNothing(int pieces) {
        Path slow = Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors");
        Merge merge = Merge.of(Fixture.tinyModel(), Lora.of(slow));
        LoraTools ended = new LoraTools(new Ending(pieces));
        assertThatThrownBy(() -> ended.merge(merge, Output.to(at("merged"))))
                .isInstanceOf(CancelledException.class);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void interruptedThread_endsTheWork() {
        LoraTools interrupted =
                new LoraTools((name, done, total) -> Thread.currentThread().interrupt());
        assertThatThrownBy(
                        () -> Tool.MERGE.work.accept(interrupted, Output.to(at("x.safetensors"))))
                .isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(folder).isEmptyDirectory();
    }

    private Path at(String name) {
        return folder.resolve(name);
    }
}
