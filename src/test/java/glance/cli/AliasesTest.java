package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.cli.common.ExitCode;
import glance.cli.common.GuidanceOptions;
import glance.cli.common.StopRequest;
import glance.cli.common.WrongUseException;
import glance.io.BuiltInModel;
import glance.io.Images;
import glance.model.Family;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class AliasesTest {
    @TempDir private Path folder;
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return Engine.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args);
    }

    /** What the picture of a run says about its settings. */
    private Map<String, String> settings(String... options) {
        Path file = folder.resolve("x.png");
        List<String> args = new ArrayList<>(List.of("generate", "--out", file.toString()));
        args.addAll(List.of(options));
        args.addAll(List.of("--overwrite", "--device", "cpu"));
        int exitCode = run(args.toArray(String[]::new));
        assertThat(exitCode).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return Images.readText(file);
    }

    @Test
    void namesOfOtherTools_meanTheSame() {
        Map<String, String> theirs =
                settings(
                        "--prompt",
                        "a red circle",
                        "--num_inference_steps",
                        "2",
                        "--width=32",
                        "-H",
                        "40",
                        "--cfg-scale",
                        "3",
                        "--negative-prompt",
                        "blue",
                        "-s7",
                        "-n",
                        "1",
                        "-m",
                        BuiltInModel.NAME);
        Map<String, String> ours =
                settings(
                        "a red circle",
                        "--plan",
                        "uniform-2",
                        "--size",
                        "32x40",
                        "--guidance",
                        "3",
                        "--negative",
                        "blue",
                        "--seed",
                        "7",
                        "--batch",
                        "1",
                        "--model",
                        BuiltInModel.NAME);
        assertThat(theirs)
                .isEqualTo(ours)
                .containsEntry("size", "32x40")
                .containsEntry("seed", "7");
    }

    @Test
    void aNumberForAPlan_isThatManySteps_andOneSideKeepsTheOther() {
        Map<String, String> settings = settings("a", "--plan", "1", "--height", "32");
        assertThat(settings.get("plan")).contains("uniform-1");
        assertThat(settings).containsEntry("size", "64x32");
        // the model has no input for the scale, so that it is guidance
        assertThat(settings("a", "--steps", "1", "--guidance-scale", "2.5", "--size", "32x32"))
                .containsEntry("guidance", "2.5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "generate x --steps 2 --plan full   | --steps and --plan: give one of them",
                "generate x --steps 2 --num-inference-steps 3 | --steps and --num-inference-steps:",
                "generate x --cfg 2 --guidance 3    | --cfg and --guidance: give one of them",
                "generate x --cfg 2 --guidance-scale 3 | --guidance and --guidance-scale: give one",
                "generate x --width 64 --size 64x64 | --size and --width: give one of them",
                "generate x --height 64 --size 64x64 | --size and --height: give one of them",
                "generate x --steps many            | '--steps': 'many' is not a whole number",
                "generate x --steps 0               | '--steps': '0' is not a number of steps",
                "generate x --steps 9999            | plan 'uniform-9999': N must be 1 to 1000",
                "generate x --width 0               | --width: size '0x64': sides must be 1 or more",
                "generate x --width -8 --height 64  | --width and --height: size '-8x64'",
                "generate x --width 9000            | --width: size '9000x64': sides must be at most 8192",
                "generate x -n two                  | '-n': 'two' is not a whole number",
                "generate x --guidance-scale 0      | --guidance-scale 0.0: must be 1 or more",
                "compare x --steps 2 --plans full   | --steps and --plans: give one of them",
                "compare x --steps 2.5              | '--steps' at index 0 (PLAN): '2.5' is not a whole number",
                "train --lr 1e-3 --rate 1e-3        | --lr and --rate: give one of them",
                "train --image x --prompt x --network_dim 4 | --image x: no such file",
            })
    void contradictionsAndBadValues_areWrongUse(String line, String message) {
        assertThat(run(line.split(" "))).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(message);
        assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(1);
    }

    @Test
    void guidanceScale_isTheInputOfModelsThatTakeOne() {
        GuidanceOptions options = new GuidanceOptions();
        new CommandLine(wrapped(options)).parseArgs("--guidance-scale", "4");
        Family.Defaults flux = new Family.Defaults(null, 1, "", false, 3.5f);
        assertThat(options.embedded(flux)).isEqualTo(4);
        assertThat(options.scale(flux)).isNull();
        new CommandLine(wrapped(options))
                .parseArgs("--guidance_scale", "4", "--embedded-guidance=3");
        assertThatThrownBy(() -> options.embedded(flux))
                .isInstanceOf(WrongUseException.class)
                .hasMessage("--embedded-guidance and --guidance-scale: give one of them");
    }

    private static CommandLine.Model.CommandSpec wrapped(Object options) {
        return CommandLine.Model.CommandSpec.create()
                .addMixin("options", CommandLine.Model.CommandSpec.forAnnotatedObject(options));
    }
}
