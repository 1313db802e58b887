package glance.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.io.SafeWrite;
import glance.roofline.Ceiling;
import glance.roofline.Floor;
import glance.roofline.Machine;
import glance.roofline.Spread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** All that was measured; the fields are those of cpu.json. */
record Report(
        String date,
        String command,
        Machine machine,
        String engine,
        String pytorch,
        int threads,
        int rounds,
        Ceiling ceiling,
        List<Row> rows,
        ColdStart.Result coldStart) {

    /** What a person wrote below the tables survives the next run. */
    private static final String NOTES = "## Where the rest goes";

    /** Above this share of the machine's cores taken by others a row is marked. */
    private static final double QUIET = 0.03;

    /** One workload. */
    record Row(
            String key,
            String name,
            double gigaFlop,
            double megaBytes,
            double floorMillis,
            String bound,
            Spread engineMillis,
            Spread peerMillis,
            Spread ratio,
            double othersShare,
            double relativeError) {
        static Row of(String key, Workload workload, Ceiling ceiling, Duel.Result result) {
            Floor floor = ceiling.floor(workload.cost());
            return new Row(
                    key,
                    workload.name(),
                    workload.cost().flop() * 1e-9,
                    workload.cost().bytes() * 1e-6,
                    floor.micros() * 1e-3,
                    floor.bound(),
                    result.engineMillis(),
                    result.peerMillis(),
                    result.ratio(),
                    result.othersShare(),
                    result.error());
        }

        String line() {
            return "| %s | %.3f | %s | %s | %s | %s | **%.2f** (%.2f - %.2f)%s |%n"
                    .formatted(
                            name,
                            floorMillis,
                            times(engineMillis),
                            times(peerMillis),
                            speed(engineMillis),
                            speed(peerMillis),
                            ratio.median(),
                            ratio.min(),
                            ratio.max(),
                            othersShare > QUIET
                                    ? ", busy %.0f %%".formatted(100 * othersShare)
                                    : "");
        }

        /** GFLOP/s; GB/s where memory is the limit. */
        private String speed(Spread millis) {
            return !bound.equals("memory")
                    ? "%.0f GFLOP/s".formatted(gigaFlop / millis.median() * 1e3)
                    : "%.1f GB/s".formatted(megaBytes / millis.median());
        }

        private static String times(Spread s) {
            return "%.2f (%.2f - %.2f)".formatted(s.median(), s.min(), s.max());
        }
    }

    /** A command's arguments as a report shows them: without the folder that it goes to. */
    static String shown(String... arguments) {
        return String.join(" ", arguments).replaceAll("--out[ =]\\S+", "").strip();
    }

    /** Writes cpu.json and cpu.md. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        SafeWrite.write(folder.resolve("cpu.json"), json.writeValueAsString(this) + "\n");
        Path page = folder.resolve("cpu.md");
        SafeWrite.write(page, markdown() + notes(page));
    }

    private String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("# The CPU device beside PyTorch\n\n");
        text.append("| | |\n|---|---|\n");
        text.append("| Date | ").append(date).append(" |\n");
        text.append("| CPU | ").append(machine.cpu()).append(", ").append(machine.simd());
        text.append(" |\n| Cores | ").append(machine.cores()).append(" |\n");
        text.append("| Memory | %.1f GB |%n".formatted(machine.memoryGigabytes()));
        text.append("| System | ").append(machine.system()).append(" |\n");
        text.append("| JDK | ").append(machine.jdk()).append(" |\n");
        text.append("| glance-engine | ").append(engine).append(" |\n");
        text.append("| PyTorch | ").append(pytorch).append(" |\n");
        text.append("| Threads | ").append(threads).append(" each |\n");
        text.append(
                "| Machine's best | %.0f GFLOP/s on registers, %.1f GB/s copied |%n"
                        .formatted(ceiling.teraFlops() * 1e3, ceiling.gigaBytes()));
        text.append("| Command | `").append(command).append("` |\n\n");
        text.append(
                """
                Float32 on both sides, in one JVM, in turns: %d rounds after warm-up. Median \
                (least - greatest). Before timing the two results were compared. The floor is the \
                greater of FLOP over the machine's best and bytes (inputs and results once) over \
                its best copy. Ratio: speed of the engine over PyTorch's, median of the rounds; \
                above 1 the engine is faster. PyTorch multiplies by F32 weights, made of \
                the same numbers, except where BF16 weights meet 1 to 256 tokens: there it multiplies in bf16. A row marked busy shared the cores: other processes used that part of them, \
                which hurts PyTorch's fixed split of the work most.

                | Workload | floor ms | engine ms | PyTorch ms | engine | PyTorch | ratio |
                |---|---:|---:|---:|---:|---:|---:|
                """
                        .formatted(rounds));
        rows.forEach(row -> text.append(row.line()));
        text.append('\n').append(coldStartText());
        return text.toString();
    }

    private String coldStartText() {
        String head =
                "## Cold start\n\n`java -jar glance-engine.jar "
                        + String.join(" ", ColdStart.ARGUMENTS)
                                .replace(
                                        ColdStart.ARGUMENTS.get(1),
                                        '"' + ColdStart.ARGUMENTS.get(1) + '"')
                        + "`, process start to exit: ";
        if (coldStart.problem() != null) {
            return head + "not measured (" + coldStart.problem() + ").\n\n";
        }
        return head
                + "**%.2f s** (%.2f - %.2f); peak resident memory of the largest process %.0f MB, "
                        .formatted(
                                coldStart.seconds().median(),
                                coldStart.seconds().min(),
                                coldStart.seconds().max(),
                                coldStart.largestMegabytes().max())
                + "of the launcher and its child together %.0f MB (greatest of all runs).%n%n"
                        .formatted(coldStart.totalMegabytes().max());
    }

    private static String notes(Path page) throws IOException {
        if (Files.exists(page)) {
            String old = Files.readString(page);
            if (old.contains(NOTES)) {
                return old.substring(old.indexOf(NOTES));
            }
        }
        return NOTES + "\n";
    }
}
