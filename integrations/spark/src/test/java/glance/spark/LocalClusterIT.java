package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import glance.Glance;
import glance.Model;
import glance.Picture;
import glance.api.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Draws on a cluster of two executors, of which one is killed in the middle. */
class LocalClusterIT {
    private static final int PICTURES = 12;
    private static final int EACH = 2;
    private static final int EXECUTORS = 2;
    private static final String PLAN = "uniform-12";

    @TempDir Path folder;

    @Test
    void draw_withAnExecutorKilled_makesEveryPictureOnce() throws Exception {
        Path table = folder.resolve("prompts.jsonl");
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            lines.add(
                    "{\"id\": \"p%d\", \"prompt\": \"%d blue stars on a white background\", \"seed\": %d}"
                            .formatted(i, i % 3 + 1, 100 + i));
        }
        lines.add("{\"id\": \"bad\", \"prompt\": \"a red circle\", \"size\": \"65x64\"}");
        Files.write(table, lines);
        Path out = folder.resolve("out");
        Path pictures = out.resolve("pictures");

        Map<Path, FileTime> before;
        long killed;
        try (SparkRun run = draw(table, out, "first.log")) {
            // Spark waits for both before it gives out tasks, so each has got to its second then.
            while (run.executors().size() < EXECUTORS
                    || files(pictures).size() < EXECUTORS * EACH) {
                assertThat(run.isAlive()).as(run.said()).isTrue();
                Thread.sleep(20);
            }
            // Its rows are those of tasks that it has ended, perhaps none; the others are told
            // anew.
            ProcessHandle victim = run.executors().get(0);
            victim.destroyForcibly();
            killed = victim.pid();
            victim.onExit().join();
            before = times(pictures);
            assertThat(run.await()).as(run.said()).isZero();
            assertThat(run.said()).contains(" pictures drawn, ").contains(" 1 failed, ");
        }
        assertThat(killed).isPositive();
        // killed in the middle, and what was there by then was not touched again
        assertThat(before).hasSizeBetween(EXECUTORS * EACH, PICTURES - 1);
        Map<Path, FileTime> after = times(pictures);
        assertThat(after).hasSize(PICTURES).containsAllEntriesOf(before);
        assertThat(out.resolve("_glance")).doesNotExist();
        List<Row> told = manifest(out);
        assertThat(told).hasSize(PICTURES + 1);
        Map<String, Row> byId = new HashMap<>();
        told.forEach(row -> byId.put(row.getAs("id"), row));
        assertThat(byId).hasSize(PICTURES + 1);
        assertThat((String) byId.get("bad").getAs("reason")).contains("65x64").contains("multiple");
        checkPictures(out, byId);

        try (SparkRun again = draw(table, out, "second.log")) {
            assertThat(again.await()).as(again.said()).isZero();
            assertThat(again.said()).contains("0 pictures drawn, 12 kept, 1 failed, ");
        }
        assertThat(times(pictures)).isEqualTo(after);
        assertThat(manifest(out)).as("only the failed row was tried again").hasSize(PICTURES + 2);
    }

    /** Every picture is that of the library, whoever drew it. */
    private static void checkPictures(Path out, Map<String, Row> byId) throws Exception {
        try (Glance glance = Glance.open("cpu");
                Model model = glance.builtIn()) {
            for (int i = 0; i < PICTURES; i++) {
                Row row = byId.get("p" + i);
                byte[] file = Files.readAllBytes(out.resolve(row.<String>getAs("file")));
                assertThat(row.<String>getAs("sha256")).isEqualTo(Names.sha256(file));
                assertThat(row.<Long>getAs("bytes")).isEqualTo(file.length);
                assertThat(row.<String>getAs("status")).isIn("done", "kept");
                Request request =
                        Request.of(i % 3 + 1 + " blue stars on a white background")
                                .seed(100 + i)
                                .plan(PLAN);
                Picture same = model.draw(request).get(0);
                assertThat(file).isEqualTo(same.png());
            }
        }
    }

    /** As the administrator of a cluster with GPUs has it; what draws is the CPU nevertheless. */
    private Path discovery() throws Exception {
        Path script = folder.resolve("gpus");
        Files.writeString(
                script, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"0\"]}'\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script;
    }

    private SparkRun draw(Path table, Path out, String log) throws Exception {
        return SparkRun.submit(
                folder.resolve(log),
                List.of(
                        "--master",
                        "local-cluster[" + EXECUTORS + ",1,1024]",
                        "--class",
                        "glance.spark.Draw",
                        "--conf",
                        "spark.executor.cores=1",
                        "--conf",
                        "spark.executor.memory=1g",
                        "--conf",
                        "spark.ui.enabled=false",
                        "--conf",
                        "spark.scheduler.minRegisteredResourcesRatio=1",
                        "--conf",
                        "spark.scheduler.maxRegisteredResourcesWaitingTime=1h",
                        "--conf",
                        "spark.cores.max=" + EXECUTORS,
                        "--conf",
                        "spark.sql.shuffle.partitions=2",
                        "--conf",
                        "spark.worker.resource.gpu.amount=1",
                        "--conf",
                        "spark.worker.resource.gpu.discoveryScript=" + discovery(),
                        "--conf",
                        "spark.executor.resource.gpu.amount=1"),
                List.of(
                        table.toString(),
                        "--out",
                        out.toString(),
                        "--pictures-per-task",
                        Integer.toString(EACH),
                        "--plan",
                        PLAN,
                        "--gpus-per-task",
                        "1",
                        "--device",
                        "cpu"));
    }

    private static List<Path> files(Path pictures) throws Exception {
        if (!Files.isDirectory(pictures)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(pictures)) {
            return all.toList();
        }
    }

    private static Map<Path, FileTime> times(Path pictures) throws Exception {
        Map<Path, FileTime> times = new HashMap<>();
        for (Path file : files(pictures)) {
            times.put(file, Files.getLastModifiedTime(file));
        }
        return times;
    }

    private static List<Row> manifest(Path out) throws Exception {
        try (SparkSession spark = TestSession.open()) {
            return spark.read().parquet(out.resolve("manifest").toString()).collectAsList();
        }
    }
}
