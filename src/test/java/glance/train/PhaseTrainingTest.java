package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.CancelledException;
import glance.api.FormatException;
import glance.api.TrainingFailure;
import glance.fixtures.Fixture;
import glance.io.Fingerprint;
import glance.io.HostTensor;
import glance.io.Images;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.lora.PhaseNote;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhaseTrainingTest {
    private static final TrainListener SILENT = new TrainListener() {};

    @TempDir private Path folder;

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops before a step. */
    private static TrainListener stopAfter(int steps) {
        int[] done = {0};
        return new TrainListener() {
            @Override
            public void step(AdapterTrainer.Result result, double seconds) {
                done[0]++;
            }

            @Override
            public boolean isCancelled() {
                return done[0] == steps;
            }
        };
    }

    private byte[] whole(boolean checkpointing) {
        TinyTraining.with(
                TinyTraining.settings(1e-3f, checkpointing),
                (ops, trainer) -> TinyTraining.phase(ops, trainer, folder).run(4, 0, SILENT));
        return bytes(folder.resolve("slow.safetensors"));
    }

    @Test
    void run_leavesAdapterCheckpointLogAndPlot() throws IOException {
        whole(true);
        PhaseFiles files = PhaseFiles.in(folder, "slow");
        assertThat(files.all()).allMatch(Files::isRegularFile);
        assertThat(PhaseNote.of(Fixture.metadata(files.adapter()))).contains(TinyTraining.NOTE);
        assertThat(Fixture.metadata(files.adapter()).get("lora_adapter_metadata"))
                .contains("\"transformer.r\":2", "\"transformer.lora_alpha\":2");
        assertThat(Images.read(files.plot()).getWidth()).isEqualTo(900);
        List<String> log = Files.readAllLines(files.log());
        assertThat(log).hasSize(1 + 4 * 2);
        assertThat(log.get(0)).startsWith("step,sigma,caption_dropped,loss,");
        assertThat(log.get(8)).matches("4,(1\\.0|0\\.9),(true|false),\\d+\\.\\d+,.*");
    }

    @Test
    void sameRun_again_hasTheSameBits() {
        assertThat(whole(true)).isEqualTo(whole(true));
    }

    @Test
    void gradientCheckpointing_changesNoBit() {
        assertThat(whole(false)).isEqualTo(whole(true));
    }

    @Test
    void resumedRun_endsWithTheSameBits() throws IOException {
        byte[] expected = whole(true);
        List<String> log = columns(folder.resolve("slow.csv"));
        for (int stop = 1; stop < 4; stop++) {
            Path other = Files.createDirectories(folder.resolve("stop" + stop));
            int steps = stop;
            TinyTraining.with(
                    TinyTraining.settings(1e-3f, true),
                    (ops, trainer) ->
                            assertThatThrownBy(
                                            () ->
                                                    TinyTraining.phase(ops, trainer, other)
                                                            .run(4, 0, stopAfter(steps)))
                                    .isInstanceOf(CancelledException.class)
                                    .hasMessage("phase slow stopped after step " + steps));
            // What a kill in the middle of a later step leaves behind.
            Files.writeString(
                    other.resolve("slow.csv"),
                    "4,0.9,false,9,9,9,9\n5,0.9,fal",
                    java.nio.file.StandardOpenOption.APPEND);
            TinyTraining.with(
                    TinyTraining.settings(1e-3f, true),
                    (ops, trainer) -> {
                        PhaseTraining phase = TinyTraining.phase(ops, trainer, other);
                        assertThat(phase.resume()).isEqualTo(steps);
                        phase.run(4, 0, SILENT);
                    });
            assertThat(bytes(other.resolve("slow.safetensors"))).isEqualTo(expected);
            assertThat(columns(other.resolve("slow.csv"))).isEqualTo(log);
        }
    }

    /** The log without its times. */
    private static List<String> columns(Path log) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(log));
        lines.replaceAll(line -> line.substring(0, line.lastIndexOf(',')));
        return lines;
    }

    @Test
    void finishedRun_withMoreSteps_goesOn() {
        whole(true);
        TinyTraining.with(
                TinyTraining.settings(1e-3f, true),
                (ops, trainer) -> {
                    PhaseTraining phase = TinyTraining.phase(ops, trainer, folder);
                    assertThat(phase.resume()).isEqualTo(4);
                    phase.run(6, 0, SILENT);
                    assertThat(trainer.stepsDone()).isEqualTo(6);
                });
    }

    @Test
    void checkpointOfAnotherRun_isRefusedWithTheDifference() {
        whole(true);
        TinyTraining.with(
                TinyTraining.settings(1e-3f, true),
                (ops, trainer) ->
                        assertThatThrownBy(
                                        () ->
                                                new PhaseTraining(
                                                                ops,
                                                                trainer,
                                                                TinyTraining.NOTE,
                                                                PhaseFiles.in(folder, "slow"),
                                                                Map.of(
                                                                        "model", "tiny", "rank",
                                                                        "4"))
                                                        .resume())
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining("another run, which differs in rank;"));
    }

    @Test
    void damagedCheckpoint_isRefused() throws IOException {
        whole(true);
        Path checkpoint = folder.resolve("slow.checkpoint.safetensors");
        byte[] content = bytes(checkpoint);
        Files.write(checkpoint, java.util.Arrays.copyOf(content, content.length / 2));
        TinyTraining.with(
                TinyTraining.settings(1e-3f, true),
                (ops, trainer) ->
                        assertThatThrownBy(() -> TinyTraining.phase(ops, trainer, folder).resume())
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining("slow.checkpoint.safetensors"));
    }

    /** Whole files by their form, each with one thing that was changed behind our back. */
    @ParameterizedTest
    @CsvSource({
        "step,        glance.content: does not fit the rest: the checkpoint was changed",
        "value,       glance.content: does not fit the rest: the checkpoint was changed",
        "no hash,     glance.content: is missing",
        "nan,         has values that are not finite",
        "large step,  'glance.step: must be a number from 1 to 2147483647, got 2147483648'",
        "step zero,   'glance.step: must be a number from 1 to 2147483647, got 0'",
        "no step,     'glance.step: must be a number from 1 to 2147483647, got null'",
    })
    void changedCheckpoint_isRefused_andLeavesTheAdapter(String change, String why) {
        byte[] adapter = whole(true);
        Path checkpoint = folder.resolve("slow.checkpoint.safetensors");
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (SafetensorsFile opened = SafetensorsFile.open(checkpoint)) {
            tensors.putAll(opened.hostTensors());
            metadata.putAll(opened.metadata());
        }
        String name = tensors.keySet().iterator().next();
        int odd = Float.floatToRawIntBits(change.equals("nan") ? Float.NaN : 0.5f);
        switch (change) {
            case "step" -> metadata.put("glance.step", "3");
            case "large step" -> metadata.put("glance.step", "2147483648");
            case "step zero" -> metadata.put("glance.step", "0");
            case "no step" -> metadata.remove("glance.step");
            case "no hash" -> metadata.remove("glance.content");
            default ->
                    tensors.computeIfPresent(
                            name,
                            (key, tensor) -> {
                                ByteBuffer bytes = ByteBuffer.allocate(tensor.data().remaining());
                                bytes.put(tensor.data().duplicate()).flip();
                                bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(0, odd);
                                return new HostTensor(tensor.dtype(), tensor.shape(), bytes);
                            });
        }
        if (!why.startsWith("glance.content")) { // someone who renews the hash as well
            metadata.remove("glance.content");
            metadata.put("glance.content", Fingerprint.of(tensors, metadata));
        }
        SafetensorsWriter.write(checkpoint, tensors, metadata);
        TinyTraining.with(
                TinyTraining.settings(1e-3f, true),
                (ops, trainer) -> {
                    PhaseTraining phase = TinyTraining.phase(ops, trainer, folder);
                    assertThatThrownBy(phase::resume)
                            .isInstanceOf(FormatException.class)
                            .hasMessageStartingWith(checkpoint.toString())
                            .hasMessageContaining(why)
                            .hasMessageEndingWith(
                                    "start anew with --overwrite, or in another folder");
                    assertThat(trainer.stepsDone()).isZero();
                });
        assertThat(bytes(folder.resolve("slow.safetensors"))).isEqualTo(adapter);
    }

    @Test
    void adapterThatIsNotFinite_doesNotReplaceAGoodOne() {
        byte[] adapter = whole(true);
        TinyTraining.with(
                TinyTraining.settings(1e-3f, true),
                (ops, trainer) -> {
                    PhaseTraining phase = TinyTraining.phase(ops, trainer, folder);
                    phase.resume();
                    Tensor first = trainer.adapter().parameters().get(0);
                    ops.copy(ops.training().filled(DType.F32, first.shape(), Float.NaN), first);
                    assertThatThrownBy(() -> phase.run(4, 0, SILENT))
                            .isInstanceOf(TrainingFailure.class)
                            .hasMessageContaining("is no longer finite");
                });
        assertThat(bytes(folder.resolve("slow.safetensors"))).isEqualTo(adapter);
    }

    @Test
    void divergingRun_stopsWithStepAndTensorAndKeepsTheLastGoodCheckpoint() {
        TinyTraining.with(
                TinyTraining.settings(1e30f, true),
                (ops, trainer) ->
                        assertThatThrownBy(
                                        () ->
                                                TinyTraining.phase(ops, trainer, folder)
                                                        .run(4, 1, SILENT))
                                .isInstanceOf(TrainingFailure.class)
                                .hasMessageMatching(
                                        "training step \\d: the loss at sigma .* is (NaN|Infinity);"
                                                + " the predicted velocity has such values;"
                                                + " the checkpoint of step \\d is kept in .*"));
        assertThat(folder.resolve("slow.checkpoint.safetensors")).exists();
        assertThat(folder.resolve("slow.safetensors")).doesNotExist();
        TinyTraining.with(
                TinyTraining.settings(1e30f, true),
                (ops, trainer) -> {
                    TinyTraining.phase(ops, trainer, folder).resume();
                    assertThat(new Finite(ops).firstOdd(trainer.adapter())).isNull();
                });
    }
}
