package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void help_teachesCommandsExamplesAndExitCodes() {
        assertThat(run("--help")).isZero();
        assertThat(text(out))
                .contains(
                        "generate",
                        "compare",
                        "train",
                        "info",
                        "check",
                        "devices",
                        "Examples:",
                        "Exit codes:");
        assertThat(text(err)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"generate", "compare", "train", "info", "convert", "lora", "check", "devices"})
    void everyCommand_hasHelp(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(text(out)).contains("Usage: glance-engine " + command, "--verbose");
    }

    @Test
    void helpOfTraining_hasItsOptionsUnderHeadings_theCommonOnesFirst() {
        assertThat(run("train", "--help")).isZero();
        String help = text(out);
        assertThat(help)
                .containsSubsequence(
                        "\nModel:\n",
                        " --model=",
                        "\nData:\n",
                        " --image=",
                        " --data=",
                        "\nAdapter:\n",
                        " --rank=",
                        "\nOptimizer:\n",
                        " --steps=",
                        " --rate=",
                        " --beta1=",
                        "\nRun:\n",
                        " --out=",
                        " --device=",
                        "--help",
                        "Examples:");
        assertThat(help.lines()).allMatch(line -> line.length() <= 80);
        // lines that picocli had to break
        assertThat(help.lines()).doesNotContain("rank,", "uses:");
    }

    @Test
    void helpOfACommand_isThatOfItsOption() {
        assertThat(run("help", "lora", "merge")).isZero();
        String help = text(out);
        out.reset();
        assertThat(run("lora", "merge", "--help")).isZero();
        assertThat(help).isEqualTo(text(out)).contains("Usage: glance-engine lora merge");
        out.reset();
        assertThat(run("lora", "help", "merge")).isZero();
        assertThat(text(out)).isEqualTo(help);
        out.reset();
        assertThat(run("help")).isZero();
        assertThat(text(out)).contains("Usage: glance-engine [-h]");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void completion_isAScriptThatBashReads() throws Exception {
        assertThat(run("completion")).isZero();
        assertThat(text(out)).contains("complete -F _complete_glance-engine", "--seed", "resize");
        Process bash =
                new ProcessBuilder(
                                "bash",
                                "-c",
                                "source /dev/stdin; COMP_WORDS=(glance-engine gen); COMP_CWORD=1;"
                                        + " _complete_glance-engine; echo \"${COMPREPLY[@]}\"")
                        .redirectErrorStream(true)
                        .start();
        try (OutputStream stdin = bash.getOutputStream()) {
            stdin.write(out.toByteArray());
        }
        assertThat(new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("generate\n");
    }

    @Test
    void version_namesEngineAndJava() {
        assertThat(run("--version")).isZero();
        assertThat(text(out)).contains("glance-engine ", "Java ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                      | missing command: expected one of generate, compare",
                "generat                 | did you mean generate?; see glance-engine --help",
                "lora inof               | did you mean info?; see glance-engine lora --help",
                "help generat            | did you mean generate?; see glance-engine --help",
                "draw                    | unmatched argument at index 0: 'draw'; see glance-engine --help",
                "generate x --foo        | unknown option: '--foo'; see glance-engine generate --help",
                "generate x --sampler=euler | the steps of a run are in --plan; see",
                "generate x --lora-scale 1 | write --lora FILE:STRENGTH; see",
                "generate x --sed 1      | '--sed'; did you mean --seed?; see glance-engine generate --help",
                "generate x --seed many  | invalid value for option '--seed': 'many' is not a whole number from 0 to 18446744073709551615, or -1",
                "generate x --seed -2    | invalid value for option '--seed': '-2' is not a whole number",
                "compare x --plans full --seed 18446744073709551616 | invalid value for option '--seed'",
                "train --image x --caption x --seed 1.5 | invalid value for option '--seed': '1.5' is not",
                "generate x --batch two  | invalid value for option '--batch': 'two' is not a whole number",
                "generate x --guidance=  | invalid value for option '--guidance': '' is not a number",
                "generate x --guidance NaN | invalid value for option '--guidance': 'NaN' is not a number",
                "generate x --guidance 1e999 | invalid value for option '--guidance': '1e999' is too large",
                "generate x --seed       | missing required parameter for option '--seed'",
                "check                   | missing required parameter: 'DIR'",
                "info a b                | unmatched argument at index 2: 'b'",
                "generate                | no prompt given",
                "generate _              | the prompt is empty",
                "generate x --batch 0    | --batch 0: must be 1 to 1000",
                "generate x --threads -1 | --threads -1: must be 1 to 4096",
                "generate x --threads 1000000000 | --threads 1000000000: must be 1 to 4096",
                "bench memory --batch 2000000000 | --batch 2000000000: must be 1 to 1000",
                "bench denoise --rank 2000000000 | --rank 2000000000: must be 0 to 16384",
                "generate x --dtype f64  | --dtype f64: expected f32 or bf16",
                "generate x --variant mkl | --variant mkl: expected OPERATION=NAME, such as linear=cublas",
                "generate x --variant linear=mma,plain | --variant linear=mma,plain: only bench kernels races several",
                "generate x --preview -2 | --preview -2: must be a number of steps",
                "generate x --plan fast  | plan 'fast': is neither a file nor one of full, uniform-N",
                "generate x --size big   | size 'big': expected WIDTHxHEIGHT",
                "generate x --size 60x64 | size 60x64: sides must be positive multiples of 8",
                "generate x --guidance 0 | --guidance 0.0: must be 1 or more; 1 turns guidance off",
                "generate x --size 8200x8 | sides must be at most 8192 pixels",
                "generate x --guidance Infinity | option '--guidance': 'Infinity' is not a number",
                "generate x --lora no.st | adapter 'no.st': no such file",
                "generate x --out x.gif  | pictures are PNG or JPEG",
                "generate x --out x.jpg --quality 0 | --quality 0: must be 1 to 100",
                "generate x --out x.png --quality 9 | --quality: is for a JPEG",
                "generate x --out - --json | --json and --out -: both take standard output",
                "generate x --out - --preview 1 | --preview: needs --out to be a file",
                "generate x y --out -    | --out -: takes one picture, not 2",
                "generate x --lora glance-tiny/experts/../../../a.safetensors | leads out of",
                "generate x --out _      | --out is empty",
                "compare                 | no prompt given",
                "compare x               | nothing to compare with the teacher",
                "compare x --plans fast  | --plans: plan 'fast': is neither a file nor one of full",
                "compare x --plans full full | two runs have the name full",
                "compare x --plans glance --seeds 0 | --seeds 0: must be 1 or more",
                "compare x --plans glance --limit 0 | --limit 0: must be 1 or more",
                "compare x --plans glance --pictures | --pictures: needs --out FOLDER",
                "compare x --plans glance --size 60x64 | size 60x64: sides must be",
                "compare x --preset all  | --preset all: expected one of controls, sweep",
                "compare x --preset sweep | --preset sweep: needs --slow FILE and --fast FILE",
                "compare x --plans glance --against base | against base: no run has this name; runs: teacher, glance",
                "compare x --run glance  | --run glance: expected NAME=PLAN[,FILE[:STRENGTH][@STEPS]...]",
                "compare x --run a=glance,no.st | --run: adapter 'no.st': no such file",
                "compare x --lora-grid a | --lora-grid a: expected FILE[@STEPS]=STRENGTH,...",
                "compare x --lora-grid no.st=0,1 | --lora-grid: adapter 'no.st': no such file",
                "compare x y --lora-grid glance-tiny/experts/slow.safetensors=1 | a grid shows one prompt and one seed, got 2 prompts",
                "compare x --seeds 2 --lora-grid glance-tiny/experts/slow.safetensors=1 | got 2 seeds",
                "compare x --plans full --plan 5 | --plan: is the plan of --preset and --lora-grid",
                "compare x --plans full --grid-steps 1-5 | --grid-steps: needs --lora-grid FILE",
                "compare x --run teacher=glance | two runs have the name teacher",
                "train                   | no pictures given; use --data FOLDER, or --image FILE",
                "train --image x.png     | --image and --caption: both are needed",
                "train --image x.png --caption x | --image x.png: no such file",
                "train --data a --image b --caption c | --data and --image: give one of them",
                "generate x --lora a.st --no-lora | --lora and --no-lora: give one of them",
            })
    void wrongUse_isOneLineAndExitCode2(String line, String message) {
        String[] args = line.isEmpty() ? new String[0] : line.split(" ");
        Arrays.setAll(args, i -> args[i].replace('_', ' '));
        assertThat(run(args)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(text(err)).startsWith("glance-engine: error: ").contains(message);
        assertThat(text(err).lines()).hasSize(1);
        assertThat(text(out)).isEmpty();
    }

    @Test
    void verbose_showsTheTrace() {
        assertThat(run("info", "/no/such/file", "--verbose")).isEqualTo(ExitCode.FAILURE);
        assertThat(text(err)).contains("FormatException", "\tat glance.cli.");
    }

    @Test
    void verboseAfterTheEndOfOptions_isAPrompt() {
        assertThat(run("info", "--", "--verbose")).isEqualTo(ExitCode.FAILURE);
        assertThat(text(err).lines()).hasSize(1);
    }

    @Test
    void devices_listsTheCpu() {
        assertThat(run("devices")).isZero();
        assertThat(text(out).lines().filter(line -> line.startsWith("cpu ")).findFirst())
                .hasValueSatisfying(line -> assertThat(line).endsWith("usable"));
    }

    @Test
    void devices_listsTheLibraries() {
        assertThat(run("devices")).isZero();
        assertThat(text(out).lines())
                .anyMatch(
                        line ->
                                line.matches(
                                        "linear=cublas +cuda +products of matrices +(not )?usable.*"))
                .anyMatch(
                        line -> line.matches("conv2d=cudnn +cuda +convolutions +(not )?usable.*"));
    }

    @Test
    void libraries_onTheCpu_fail() {
        String[] args = {"generate", "x", "--device", "cpu", "--variant", "linear=cublas"};
        assertThat(run(args)).isEqualTo(ExitCode.FAILURE);
        assertThat(text(err))
                .contains(
                        "the CPU device has one way to compute each operation; --variant needs a GPU");
    }

    @Test
    void unknownDevice_fails() {
        assertThat(run("generate", "x", "--device", "tpu")).isEqualTo(ExitCode.FAILURE);
        assertThat(text(err)).contains("unknown device 'tpu': expected auto or one of cuda, cpu, ");
    }

    private int run(String... args) {
        StopRequest never = new StopRequest();
        return Engine.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                never,
                args);
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
