package glance.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.Training;
import glance.model.Family;
import glance.train.TrainJob;
import glance.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class TrainFileTest {
    private static final Family.Training DEFAULTS =
            new Family.Training(List.of("to_q"), 32, 128, 3e-4f, 60, 0.1f, 1);

    @TempDir private Path folder;

    private TrainFile read(String text) throws IOException {
        return TrainFile.read(Files.writeString(folder.resolve("train.yaml"), text));
    }

    private static TrainingSettings resolve(TrainFile file, String... options) {
        TrainSettings settings = new TrainSettings();
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();
        spec.addMixin("settings", CommandLine.Model.CommandSpec.forAnnotatedObject(settings));
        new CommandLine(spec).parseArgs(options);
        Training training = settings.over(Training.of(Path.of("pictures")), file);
        return TrainJob.settings(training, DEFAULTS);
    }

    @Test
    void fileOfThePapersRepository_isUnderstood() throws IOException {
        TrainFile file =
                read(
                        """
                        pretrained_model_name_or_path: Qwen/Qwen-Image
                        data_config:
                          train_batch_size: 2
                          num_workers: 4
                          img_size: 1024
                          caption_dropout_rate: 0.2
                          img_dir: ./pictures
                          random_ratio: false
                          caption_type: txt
                        report_to: null
                        output_dir: ./saves
                        max_train_steps: 90
                        learning_rate: 1e-4
                        lr_scheduler: constant
                        lr_warmup_steps: 10
                        adam_beta1: 0.8
                        adam_weight_decay: 0.02
                        adam8bit: true
                        gradient_accumulation_steps: 3
                        rank: 16
                        lora_alpha: 64
                        quantize: true
                        """);
        assertThat(file.string("img_dir")).isEqualTo("./pictures");
        assertThat(file.ignored()).containsExactlyInAnyOrder("num_workers", "quantize");
        TrainingSettings settings = resolve(file);
        assertThat(settings.rank()).isEqualTo(16);
        assertThat(settings.alpha()).isEqualTo(64);
        assertThat(settings.steps()).isEqualTo(90);
        assertThat(settings.learningRate()).isEqualTo(1e-4f);
        assertThat(settings.warmupSteps()).as("constant has none").isZero();
        assertThat(settings.accumulation()).as("a batch of two, three times").isEqualTo(6);
        assertThat(settings.captionDropout()).isEqualTo(0.2f);
        assertThat(settings.optimizer().beta1()).isEqualTo(0.8f);
        assertThat(settings.optimizer().beta2()).isEqualTo(0.999f);
        assertThat(settings.optimizer().eightBitMoments()).isTrue();
        assertThat(settings.targets()).containsExactly("to_q");
    }

    @Test
    void options_overrideTheFile_andTheFileTheDefaults() throws IOException {
        TrainFile file = read("rank: 8\nlr_scheduler: constant_with_warmup\nlr_warmup_steps: 5\n");
        TrainingSettings settings =
                resolve(file, "--rank", "4", "--targets", "to_k,to_v", "--rate", "1e-3");
        assertThat(settings.rank()).isEqualTo(4);
        assertThat(settings.targets()).containsExactly("to_k", "to_v");
        assertThat(settings.learningRate()).isEqualTo(1e-3f);
        assertThat(settings.warmupSteps()).isEqualTo(5);
        assertThat(settings.alpha()).isEqualTo(128);
        assertThat(resolve(TrainFile.none()).rank()).isEqualTo(32);
        assertThat(resolve(TrainFile.none()).optimizer().eightBitMoments()).isFalse();
        assertThat(resolve(file, "--adam8bit", "true").optimizer().eightBitMoments()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rnak: 4                        | rnak: is not a training setting; known: adam8bit, adam_beta1",
                "data_config: {rank_: 4}        | rank_: is not a training setting",
                "data_config: {caption_type: json} | caption_type: value \"json\" is not supported",
                "random_ratio: true             | random_ratio: value true is not supported",
            })
    void otherKeysAndValues_areRefused(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }

    @Test
    void seed_isAnyOf64Bits() throws IOException {
        assertThat(resolve(read("seed: 18446744073709551615")).seed()).isEqualTo(-1);
        assertThat(resolve(read("seed: 7.0")).seed()).isEqualTo(7);
        assertThat(resolve(read("seed: 7"), "--seed", "9223372036854775808").seed())
                .isEqualTo(Long.MIN_VALUE);
        assertThat(resolve(TrainFile.none(), "--seed", "-1").seed()).isBetween(0L, 1L << 31);
        for (String other : new String[] {"-1", "1e400", "18446744073709551616", "1.5", "many"}) {
            TrainFile file = read("seed: " + other);
            assertThatThrownBy(() -> resolve(file))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("seed: expected a whole number from 0 to 184467440");
        }
    }

    @Test
    void valueOfAnotherKind_isRefused() throws IOException {
        TrainFile file = read("rank: many");
        assertThatThrownBy(() -> resolve(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("rank");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rank=0             | rank: must be 1 to 16384, got 0",
                "--rank=1000000000    | rank: must be 1 to 16384, got 1000000000",
                "--alpha=NaN          | alpha: must be a positive number, got NaN",
                "--rate=-1            | learning rate: must be a positive number",
                "--caption-dropout=2  | caption dropout: must be 0 to 1",
                "--beta1=1            | beta1: must be at least 0 and below 1",
                "--steps=0            | steps: must be at least 1",
            })
    void valuesOutOfRange_areWrongUse(String option, String message) {
        assertThatThrownBy(() -> resolve(TrainFile.none(), option))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(message);
    }
}
