package glance.spark;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import glance.Glance;
import glance.Model;
import glance.api.Lora;
import glance.api.Request;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;

/** The jobs in the JVM of the tests. */
class LocalIT {
    private static final String QUICK = "{\"prompt\": \"a red circle\", \"plan\": \"uniform-2\"";

    @TempDir Path folder;

    /** What a job has said, and its exit code. */
    private record Ended(int code, String out, String err) {}

    @Test
    void draw_ofATableWithFaults_tellsOfEachRow() throws Exception {
        Path table = folder.resolve("prompts.jsonl");
        Files.writeString(
                table,
                QUICK
                        + ", \"id\": \"one\", \"seed\": 1}\n"
                        + QUICK
                        + ", \"id\": \"one\", \"seed\": 1, \"mood\": \"calm\"}\n\n"
                        + QUICK
                        + ", \"id\": \"two\", \"size\": \"65x64\"}\n"
                        + "no json\n");
        Path out = folder.resolve("out");
        Ended first = run(new Draw(), table, out, "--fail-on-error");
        assertThat(first.code()).isEqualTo(3);
        assertThat(first.out()).startsWith("1 picture drawn, 1 kept, 2 failed, in ");
        assertThat(first.err()).contains("'extra' in the manifest: mood (those with one: ");
        List<Row> told = manifest(out, "parquet");
        assertThat(told).extracting(row -> row.getAs("row")).containsExactly(0L, 1L, 2L, 3L);
        assertThat(told)
                .extracting(row -> row.getAs("status"))
                .containsExactly("done", "kept", "failed", "failed");
        String file = told.get(0).getAs("file");
        assertThat((String) told.get(1).getAs("file")).isEqualTo(file);
        assertThat((String) told.get(1).getAs("extra")).isEqualTo("{\"mood\":\"calm\"}");
        assertThat((Integer) told.get(0).getAs("width")).isEqualTo(64);
        assertThat((Double) told.get(0).getAs("seconds")).isPositive();
        assertThat(told)
                .extracting(row -> row.getAs("device"))
                .containsExactly("cpu", null, "cpu", null);
        assertThat((String) told.get(0).getAs("engine")).startsWith("glance-engine");
        assertThat((String) told.get(2).getAs("reason")).contains("65x64");
        assertThat((String) told.get(3).getAs("reason")).startsWith("the row is not JSON");

        // The manifest lost, as if the job had died before it was written: nothing is drawn.
        FileTime time = Files.getLastModifiedTime(out.resolve(file));
        delete(out.resolve("manifest"));
        Ended again = run(new Draw(), table, out);
        assertThat(again.code()).isZero();
        assertThat(again.out()).startsWith("0 pictures drawn, 2 kept, 2 failed, in ");
        assertThat(Files.getLastModifiedTime(out.resolve(file))).isEqualTo(time);
        Row found = manifest(out, "parquet").get(0);
        assertThat((String) found.getAs("sha256")).isEqualTo(told.get(0).getAs("sha256"));
        assertThat((String) found.getAs("plan")).isEqualTo(told.get(0).getAs("plan"));

        // As if the job had died before it added its rows, and the picture lost: the rows are taken
        // over, and the picture is drawn again, the same.
        Files.createDirectories(out.resolve("_glance/rows"));
        Files.move(out.resolve("manifest"), out.resolve("_glance/rows/drawn-left"));
        Files.delete(out.resolve(file));
        assertThat(run(new Draw(), table, out).out()).startsWith("1 picture drawn, 1 kept, ");
        assertThat(Names.sha256(Files.readAllBytes(out.resolve(file))))
                .isEqualTo(found.getAs("sha256"));
        assertThat(manifest(out, "parquet")).hasSize(8);
        assertThat(out.resolve("_glance")).doesNotExist();
    }

    @Test
    void draw_withAModelThatIsNotThere_failsInOneLine() throws Exception {
        Path table = folder.resolve("prompts.jsonl");
        Files.writeString(table, QUICK + "}\n");
        Ended ended = run(new Draw(), table, folder.resolve("out"), "--model", "/none/such");
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err().lines().filter(line -> line.startsWith("glance: ")))
                .last(as(STRING))
                .contains("/none/such");
    }

    @Test
    void draw_withADeltaManifest_goesOnFromIt() throws Exception {
        Path table = folder.resolve("prompts.csv");
        Files.writeString(
                table, "prompt,plan,seed\na red circle,uniform-2,1\n\"a \"\"blue\"\" star\",2,\n");
        Path out = folder.resolve("out");
        String[] delta = {"--manifest-format", "delta"};
        assertThat(run(new Draw(), table, out, delta).out()).startsWith("2 pictures drawn, 0 kept");
        assertThat(manifest(out, "delta"))
                .extracting(row -> row.getAs("prompt"))
                .containsExactly("a red circle", "a \"blue\" star");
        assertThat(run(new Draw(), table, out, delta).out()).startsWith("0 pictures drawn, 2 kept");
        Ended other = run(new Draw(), table, out);
        assertThat(other.code()).isEqualTo(2);
        assertThat(other.err()).contains("is there as delta; give --manifest-format delta");
    }

    @Test
    void table_inEachFormat_asksForTheSamePictures() throws Exception {
        Path json = folder.resolve("p.jsonl");
        Files.writeString(
                json,
                "{\"id\":\"a\",\"prompt\":\"a, \\\"b\\\"\",\"seed\":18446744073709551615,"
                        + "\"guidance\":2.5,\"plan\":\"glance\"}\n");
        try (SparkSession spark = TestSession.open()) {
            Path csv = folder.resolve("csv");
            Path parquet = folder.resolve("parquet");
            var table = spark.read().json(json.toString());
            table.write().option("header", true).option("escape", "\"").csv(csv.toString());
            table.write().parquet(parquet.toString());
            Prompts prompts = prompts();
            List<String> hashes = new ArrayList<>();
            hashes.add(hash(prompts, Table.rows(spark, json.toString(), null)));
            hashes.add(hash(prompts, Table.rows(spark, csv.toString(), "csv")));
            hashes.add(hash(prompts, Table.rows(spark, parquet.toString(), "parquet")));
            assertThat(hashes).containsOnly(hashes.get(0));
        }
    }

    private static String hash(Prompts prompts, JavaRDD<String> rows) {
        return prompts.read(Columns.parse(rows.collect().get(0))).file();
    }

    /** As a speculative copy of a task, or a late one of a lost executor, would. */
    @Test
    void task_runTwiceAtOnce_givesOneFile() throws Exception {
        Path out = folder.resolve("out");
        try (SparkSession spark = TestSession.open(2)) {
            Storage storage = Storage.of(out.toString(), new Configuration(false));
            Place place = new Place("glance-tiny", "cpu", 1);
            var context = spark.sparkContext();
            Making<Prompts.Wanted> making =
                    new Making<>(
                            prompts(),
                            place,
                            storage,
                            "run",
                            context.longAccumulator(),
                            context.longAccumulator());
            String json = QUICK + ", \"seed\": 1}";
            List<Row> told =
                    JavaSparkContext.fromSparkContext(context)
                            .parallelize(List.of(1, 2), 2)
                            .mapPartitions(
                                    part ->
                                            making.call(
                                                    List.of(
                                                                    new Tuple2<>(
                                                                            0L,
                                                                            RowFactory.create(
                                                                                    0L, json, 0L)))
                                                            .iterator()))
                            .collect();
            storage.sweep();
            int sha256 = List.of(Rows.manifest(prompts()).fieldNames()).indexOf("sha256");
            assertThat(told).hasSize(2);
            assertThat(told.get(0).getString(2)).isIn(Rows.DONE, Rows.KEPT);
            assertThat(told.get(1).getString(2)).isIn(Rows.DONE, Rows.KEPT);
            assertThat(told.get(0).getString(sha256)).isEqualTo(told.get(1).getString(sha256));
        }
        try (Stream<Path> tree = Files.walk(out)) {
            assertThat(tree.filter(Files::isRegularFile)).hasSize(1);
        }
    }

    private static Prompts prompts() {
        return new Prompts("glance-tiny", "{}", new Adapters(null, new Configuration(false)));
    }

    @Test
    void train_ofATable_makesAPairOfAdaptersForEachPicture() throws Exception {
        Files.copy(Path.of("../../docs/my-house.png"), folder.resolve("house.png"));
        Path table = folder.resolve("pictures.csv");
        Files.writeString(
                table, "id,picture,caption\nhouse,house.png,my house\nlost,none.png,nothing\n");
        Path out = folder.resolve("out");
        String[] short_ = {"--steps", "2", "--rank", "2"};
        Ended first = run(new Train(), table, out, short_);
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out()).startsWith("1 picture learned, 0 kept, 1 failed, in ");
        List<Row> told = manifest(out, "parquet");
        assertThat((String) told.get(1).getAs("reason")).startsWith("picture: there is no file");
        List<String> adapters = told.get(0).getList(told.get(0).fieldIndex("adapters"));
        assertThat(adapters).hasSize(2);
        assertThat(adapters.get(0)).startsWith("adapters/house-").endsWith("/slow.safetensors");
        assertThat(adapters.get(1)).endsWith("/fast.safetensors");
        try (Glance glance = Glance.open("cpu");
                Model model = glance.builtIn()) {
            Request request = Request.of("my house").plan("glance");
            for (String adapter : adapters) {
                request = request.lora(Lora.of(out.resolve(adapter)));
            }
            assertThat(model.complete(request).loras().orElseThrow()).hasSize(2);
        }
        Ended again = run(new Train(), table, out, short_);
        assertThat(again.out()).startsWith("0 pictures learned, 1 kept, 1 failed, in ");
    }

    private static List<Row> manifest(Path out, String format) throws Exception {
        try (SparkSession spark = TestSession.open()) {
            return spark.read()
                    .format(format)
                    .load(out.resolve("manifest").toString())
                    .orderBy("run", "row")
                    .collectAsList();
        }
    }

    private static Ended run(Callable<Integer> job, Path table, Path out, String... more) {
        List<String> args = new ArrayList<>(List.of(table.toString(), "--out", out.toString()));
        args.addAll(List.of("--local", "2", "--device", "cpu"));
        args.addAll(List.of(more));
        PrintStream stdout = System.out;
        PrintStream stderr = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        try {
            int code = Start.run(job, args.toArray(String[]::new));
            return new Ended(
                    code,
                    said.toString(StandardCharsets.UTF_8),
                    told.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(stdout);
            System.setErr(stderr);
        }
    }

    private static void delete(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
