package glance.bench;

import glance.model.TokenGrid;
import glance.roofline.Machine;
import glance.roofline.Spread;
import glance.train.AdapterTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures training steps and writes benchmarks/results/training.md. */
@Command(
        name = "TrainingReport",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times training steps against the forward pass in one JVM, and compares their"
                        + " memory; writes training.md.")
public final class TrainingReport implements Callable<Integer> {
    private static final int TEXT_LEN = 64;
    private static final int SIDE = 32; // tokens
    private static final int NUM_HEADS = 6;
    private static final int HEAD_DIM = 128;
    private static final int WARM_UP = 3;
    private static final double MEGA = 1e-6;

    @Option(
            names = "--rounds",
            defaultValue = "9",
            description = "Rounds, at least 1; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--layers",
            defaultValue = "4",
            description = "Blocks of the transformer; default ${DEFAULT-VALUE}.")
    private int layers;

    @Option(
            names = "--tiny-steps",
            defaultValue = "200",
            description =
                    "Steps of the comparison of 8-bit moments on glance-tiny, at least 40; default"
                            + " ${DEFAULT-VALUE}.")
    private int tinySteps;

    @Option(
            names = "--tiny",
            defaultValue = "weights/glance-tiny",
            description = "Folder of glance-tiny; default ${DEFAULT-VALUE}.")
    private Path tiny;

    @Option(
            names = "--out",
            defaultValue = "benchmarks/results",
            description = "Folder of the report; default ${DEFAULT-VALUE}.")
    private Path out;

    private final String arguments;

    private TrainingReport(String... arguments) {
        this.arguments = Report.shown(arguments);
    }

    public static void main(String... arguments) {
        System.exit(new CommandLine(new TrainingReport(arguments)).execute(arguments));
    }

    /** Milliseconds of a forward pass and of a step, and the ratios of neighbours in time. */
    private record Times(
            Spread forward,
            Spread kept,
            Spread checkpointed,
            Spread keptFactor,
            Spread checkpointedFactor,
            double othersShare) {}

    @Override
    public Integer call() throws IOException {
        Locale.setDefault(Locale.ROOT);
        StringBuilder text = new StringBuilder(head());
        try (TrainingWorkload workload =
                new TrainingWorkload(
                        layers, TEXT_LEN, new TokenGrid(SIDE, SIDE), NUM_HEADS, HEAD_DIM)) {
            text.append(times(measure(workload)));
            text.append(memory(workload));
        }
        text.append(eightBit(EightBitTrial.run(tiny, tinySteps)));
        Files.createDirectories(out);
        Files.writeString(out.resolve("training.md"), text);
        System.out.print(text);
        return 0;
    }

    private Times measure(TrainingWorkload workload) throws IOException {
        double[] forward = new double[rounds];
        double[] kept = new double[rounds];
        double[] checkpointed = new double[rounds];
        double[] keptFactor = new double[rounds];
        double[] checkpointedFactor = new double[rounds];
        try (AdapterTrainer keeping = workload.trainer(false, false);
                AdapterTrainer running = workload.trainer(true, false)) {
            for (int i = 0; i < WARM_UP; i++) {
                workload.forward(keeping);
                keeping.step();
                running.step();
            }
            CoreTime before = CoreTime.now();
            for (int i = 0; i < rounds; i++) {
                double first = millis(() -> workload.forward(keeping));
                kept[i] = millis(keeping::step);
                checkpointed[i] = millis(running::step);
                // what a round is divided by lies around it, so that drift cancels
                forward[i] = (first + millis(() -> workload.forward(keeping))) / 2;
                keptFactor[i] = kept[i] / forward[i];
                checkpointedFactor[i] = checkpointed[i] / forward[i];
            }
            return new Times(
                    Spread.of(forward),
                    Spread.of(kept),
                    Spread.of(checkpointed),
                    Spread.of(keptFactor),
                    Spread.of(checkpointedFactor),
                    CoreTime.now().othersShareSince(before));
        }
    }

    private static double millis(Runnable body) {
        long start = System.nanoTime();
        body.run();
        return (System.nanoTime() - start) * MEGA;
    }

    private String head() throws IOException {
        Machine machine = Machine.here();
        String command =
                "java --add-modules jdk.incubator.vector -cp benchmarks/target/benchmarks.jar "
                        + TrainingReport.class.getName();
        return """
                # Training on the CPU device

                | | |
                |---|---|
                | Date | %s |
                | CPU | %s, %s |
                | Cores | %d |
                | Memory | %.1f GB |
                | System | %s |
                | JDK | %s |
                | Threads | %d |
                | Command | `%s` |

                A transformer in the layout of Qwen-Image at the widths of cpu.md: %d blocks, \
                hidden %d, %d heads of %d, %d image and %d text tokens, random BF16 weights. The \
                adapter is the paper's: rank 32 on twelve layers of each block, F32. A step is \
                all that `train` does for one example: noise, forward, loss, backward, norm and \
                AdamW.

                """
                .formatted(
                        LocalDate.now(),
                        machine.cpu(),
                        machine.simd(),
                        machine.cores(),
                        machine.memoryGigabytes(),
                        machine.system(),
                        machine.jdk(),
                        Workload.THREADS,
                        (command + " " + arguments).strip(),
                        layers,
                        NUM_HEADS * HEAD_DIM,
                        NUM_HEADS,
                        HEAD_DIM,
                        SIDE * SIDE,
                        TEXT_LEN);
    }

    private String times(Times t) {
        return """
                ## Time

                In one JVM, in turns: %d rounds after %d of warm-up, each one between two forward \
                passes. Median (least - greatest); the factor is that of a round. Other processes \
                used %.0f %% of the cores meanwhile.

                | | ms | over the forward pass |
                |---|---:|---:|
                | forward pass, as in sampling | %s | 1 |
                | training step | %s | **%.2f** (%.2f - %.2f) |
                | training step, checkpointing | %s | **%.2f** (%.2f - %.2f) |

                """
                .formatted(
                        rounds,
                        WARM_UP,
                        100 * t.othersShare(),
                        spread(t.forward()),
                        spread(t.kept()),
                        t.keptFactor().median(),
                        t.keptFactor().min(),
                        t.keptFactor().max(),
                        spread(t.checkpointed()),
                        t.checkpointedFactor().median(),
                        t.checkpointedFactor().min(),
                        t.checkpointedFactor().max());
    }

    private static String spread(Spread s) {
        return "%.0f (%.0f - %.0f)".formatted(s.median(), s.min(), s.max());
    }

    private static String memory(TrainingWorkload workload) {
        return """
                ## Memory

                Most bytes of the device's memory in use at once, without the frozen weights, \
                which stay mapped. State: the adapter and, in training, its moments; the rest is \
                what a pass needs for a while.

                | | MB | of that state |
                |---|---:|---:|
                %s%s%s%s
                """
                .formatted(
                        row("forward pass, as in sampling", workload.inferenceMemory()),
                        row("training step", workload.memory(false, false)),
                        row("training step, checkpointing", workload.memory(true, false)),
                        row(
                                "training step, checkpointing, 8-bit moments",
                                workload.memory(true, true)));
    }

    private static String row(String name, TrainingWorkload.Memory memory) {
        return "| %s | %.1f | %.1f |%n"
                .formatted(name, memory.peak() * MEGA, memory.state() * MEGA);
    }

    private static String eightBit(EightBitTrial trial) {
        int steps = trial.losses().length;
        int part = steps / 4;
        StringBuilder rows = new StringBuilder();
        for (int from = 0; from + part <= steps; from += part) {
            rows.append(
                    "| %d - %d | %.5f | %.5f |%n"
                            .formatted(
                                    from + 1,
                                    from + part,
                                    EightBitTrial.mean(trial.losses(), from, from + part),
                                    EightBitTrial.mean(trial.eightBitLosses(), from, from + part)));
        }
        return """
                ## Moments in 8 bits

                An adapter of glance-tiny (rank 32, rate 1e-4) trained on one picture twice with \
                the same draws. Mean loss:

                | steps | 32 bits | 8 bits |
                |---|---:|---:|
                %s
                The losses of one step differ by %.2f %% at most. The two adapters at the end are \
                apart by %.1f %% of the way from the start.
                """
                .formatted(
                        rows, 100 * trial.largestLossDifference(), 100 * trial.adapterDifference());
    }
}
