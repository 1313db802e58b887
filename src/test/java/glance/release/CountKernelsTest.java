package glance.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The counts of {@code scripts/count-kernels}, on code that is short enough to count by hand. */
class CountKernelsTest {
    private static final Path REPORT = Path.of("benchmarks/results/kernel-counts.md");

    /**
     * A loop from 0010 to 0090 with a copy, an inner loop of one product, and at 0050 a jump over
     * two instructions that only edges need.
     */
    private static final String LOOP =
            """
            \tcode for sm_90
            \t\tFunction : tile_bf16
                    /*0000*/                   MOV R1, c[0x0][0x28] ;
                    /*0010*/                   LDGSTS.E.BYPASS.128 [R17], [R12.64], P1 ;
                    /*0020*/                   LDSM.16.M88.4 R8, [R2] ;
                    /*0030*/                   HMMA.16816.F32.BF16 R4, R8, R10, R4 ;
                    /*0040*/              @P1  BRA 0x20 ;
                    /*0050*/              @P0  BRA 0x80 ;
                    /*0060*/                   FADD R3, R3, R4 ;
                    /*0070*/                   FADD R3, R3, R5 ;
                    /*0080*/                   MOV R6, R7 ;
                    /*0090*/             @!P2  BRA 0x10 ;
                    /*00a0*/                   EXIT ;
            """;

    private static Class<?> program;

    @TempDir private static Path classes;
    @TempDir private Path folder;

    @BeforeAll
    static void compile() throws Exception {
        program = Script.compile("kernel-counts", "CountKernels", classes);
    }

    @Test
    void report_isOfTheCodeInTheRepository() throws Exception {
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> files = Files.list(Path.of("kernels/fatbin"))) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".fatbin")).sorted().toList()) {
                hash.update(Files.readAllBytes(file));
            }
        }
        assertThat(Files.readAllLines(REPORT))
                .as("run scripts/count-kernels")
                .contains("Code: `" + HexFormat.of().formatHex(hash.digest()) + "`");
    }

    @Test
    void loop_isCountedWithoutWhatEdgesNeed_andItsInnerLoopTwice() throws Exception {
        assertThat(run(LOOP, Map.of(), false)).isEmpty();

        // 7 instructions around, and 3 of the inner loop once more: two products, two loads, one
        // copy and one move
        assertThat(line())
                .startsWith(
                        "| tile_bf16 | sm_90 | 64 | 128 | 0 | 2 | 0 | 2 | 1 | 0 | 0 | 1 | 10 | 10 |");
        // 2 * 2048 * 4 / (2048 * 0.62) = 13, 3 * 512 * 4 / 128 = 48, 10
        assertThat(line()).endsWith("| 13 | 48 | 0 | 10 | shared | 17 |");
    }

    @Test
    void productsOfWarpgroups_areCountedByTheirShape() throws Exception {
        String wide =
                LOOP.replace(
                                "HMMA.16816.F32.BF16 R4, R8, R10, R4",
                                "HGMMA.64x256x16.F32.BF16 R24, gdesc[UR16], R24, UP0")
                        .replace("code for sm_90", "code for sm_90a")
                        .replace("LDSM.16.M88.4 R8, [R2]", "FADD R8, R8, R8")
                        .replace("LDGSTS.E.BYPASS.128 [R17], [R12.64], P1", "FADD R9, R9, R9")
                        .replace("EXIT", "UTMALDG.3D [UR8], [UR14]");
        Path file = Files.writeString(folder.resolve("wide.sass"), wide);
        assertThat(run("tile_bf16 sm_90a 168 0 0 1024", Map.of(), false, file)).isEmpty();

        // the inner loop alone; 64 * 256 * 16 / 2048 = 128, (64 + 256) * 32 / 128 = 80
        assertThat(line())
                .startsWith(
                        "| tile_bf16 | sm_90a | 168 | 1024 | 0 | 0 | 1 | 0 | 0 | 1 | 0 | 0 | 3 | 3 |")
                .endsWith("| 128 | 80 | 0 | 3 | tensor | 100 |");
    }

    @Test
    void productsOf8Bits_takeAsLongAsThoseOf16_ofHalfTheDepth() throws Exception {
        String narrow =
                LOOP.replace("code for sm_90", "code for sm_89")
                        .replace("HMMA.16816.F32.BF16", "QMMA.16832.F32.E4M3.E4M3");
        Path file = Files.writeString(folder.resolve("narrow.sass"), narrow);
        assertThat(run("tile_bf16 sm_89 64 0 0 128", Map.of(), false, file)).isEmpty();
        // 2 * 2048 * 4 / 512
        assertThat(line("sm_89")).endsWith("| 32 | 48 | 0 | 10 | shared | 67 |");

        String wide =
                LOOP.replace("code for sm_90", "code for sm_90a")
                        .replace(
                                "HMMA.16816.F32.BF16 R4, R8, R10, R4",
                                "QGMMA.64x256x32.F32.E4M3.E4M3 R24, gdesc[UR16], R24, UP0");
        file = Files.writeString(folder.resolve("narrow.sass"), wide);
        assertThat(run("tile_bf16 sm_90a 168 0 0 1024", Map.of(), false, file)).isEmpty();
        // as HGMMA.64x256x16; of A and B 64 + 256 rows of 32 bytes, and LDSM of four warps
        assertThat(line()).endsWith("| 128 | 96 | 0 | 3 | tensor | 100 |");
    }

    @Test
    void exponentials_takeEightClocksEach() throws Exception {
        String exponentials =
                LOOP.replace("LDGSTS.E.BYPASS.128 [R17], [R12.64], P1", "MUFU.EX2 R5, R5")
                        .replace("LDSM.16.M88.4 R8, [R2]", "MUFU.RCP R8, R8");
        run(exponentials, Map.of(), false);
        assertThat(line())
                .startsWith(
                        "| tile_bf16 | sm_90 | 64 | 128 | 0 | 2 | 0 | 0 | 0 | 0 | 3 | 1 | 10 | 10 |")
                .endsWith("| 13 | 0 | 24 | 10 | special | 33 |");
    }

    /** The loop around has a product of its own before it comes to the inner one. */
    @Test
    void productsOfWarpgroupsThatBeginATile_areNotOfTheMainLoop() throws Exception {
        String wide =
                LOOP.replace(
                                "HMMA.16816.F32.BF16 R4, R8, R10, R4",
                                "HGMMA.64x128x16.F32.BF16 R24, gdesc[UR16], R24, UP0")
                        .replace("code for sm_90", "code for sm_90a")
                        .replace("LDSM.16.M88.4 R8, [R2]", "FADD R8, R8, R8")
                        .replace(
                                "LDGSTS.E.BYPASS.128 [R17], [R12.64], P1",
                                "HGMMA.64x128x16.F32.BF16 R24, gdesc[UR20], R24, UP0");
        Path file = Files.writeString(folder.resolve("tiles.sass"), wide);
        assertThat(run("tile_bf16 sm_90a 168 0 0 1024", Map.of(), false, file)).isEmpty();
        assertThat(line())
                .startsWith(
                        "| tile_bf16 | sm_90a | 168 | 1024 | 0 | 0 | 1 | 0 | 0 | 0 | 0 | 0 | 3 | 3 |");
    }

    @Test
    void moreInstructions_areAFault_untilTheReportSaysWhy() throws Exception {
        run(LOOP, Map.of(), false);
        String slower = LOOP.replace("@P0  BRA 0x80", "     MOV R9, R9");

        assertThat(run(slower, Map.of(), true))
                .singleElement()
                .asString()
                .contains("tile_bf16 sm_90: 12 slots an iteration, 10 before");
        assertThat(run(slower, Map.of("tile_bf16", "it is exact now"), false)).isEmpty();
        assertThat(run(slower, Map.of(), true)).isEmpty();
        assertThat(line()).contains("| 12 | 10 |");
        assertThat(Files.readString(report())).contains("- `tile_bf16`: it is exact now");
    }

    @Test
    void otherCounts_areAFaultOfTheReport() throws Exception {
        run(LOOP, Map.of(), false);
        String moved = LOOP.replace("MOV R6, R7", "FADD R6, R6, R7");

        assertThat(run(moved, Map.of(), true))
                .singleElement()
                .asString()
                .contains("is not of this code; run scripts/count-kernels");
    }

    @Test
    void spills_areAFault() throws Exception {
        Files.writeString(folder.resolve("a.sass"), LOOP);
        assertThat(run("tile_bf16 sm_90 64 4 0 128", Map.of(), false, folder.resolve("a.sass")))
                .singleElement()
                .asString()
                .contains("tile_bf16 sm_90: spills 4 bytes of registers");
    }

    private Path report() {
        return folder.resolve("report.md");
    }

    private String line() throws IOException {
        return line("sm_90");
    }

    private String line(String architecture) throws IOException {
        return Files.readAllLines(report()).stream()
                .filter(line -> line.contains("| " + architecture))
                .findFirst()
                .orElseThrow();
    }

    private List<?> run(String code, Map<String, String> because, boolean check) throws Exception {
        Path file = Files.writeString(folder.resolve("tile.sass"), code);
        return run("tile_bf16 sm_90 64 0 0 128", because, check, file);
    }

    private List<?> run(String resources, Map<String, String> because, boolean check, Path file)
            throws Exception {
        return (List<?>)
                program.getMethod(
                                "run",
                                Path.class,
                                List.class,
                                String.class,
                                List.class,
                                Map.class,
                                boolean.class)
                        .invoke(
                                null,
                                report(),
                                List.of(resources),
                                "hash",
                                List.of(file),
                                because,
                                check);
    }
}
