package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.hub.StandInHub;
import glance.io.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of the hub on the built jar, with the built-in model on a stand-in of the hub. */
class HubIT {
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");
    private static final String MODEL = "glance/tiny";
    private static final String STYLE = "some-one/style";
    private static final String WEIGHTS = "transformer/diffusion_pytorch_model.safetensors";
    private static final List<String> RUN = List.of("--plan", "uniform-1", "--seed", "3");

    @TempDir private Path folder;
    private StandInHub hub;
    private EngineProcess engine;

    @BeforeEach
    void open() throws IOException {
        hub = new StandInHub().repo(MODEL, TINY);
        for (String phase : List.of("slow", "fast")) {
            String name = phase + ".safetensors";
            hub.file(STYLE, name, Files.readAllBytes(TINY.resolve("experts").resolve(name)));
        }
        engine =
                EngineProcess.in(folder)
                        .env("HF_HUB_OFFLINE", "0")
                        .env("HF_ENDPOINT", hub.endpoint())
                        .env("HF_HOME", folder.resolve("home").toString());
    }

    @AfterEach
    void close() {
        hub.close();
    }

    private Path repo() {
        return folder.resolve("home/hub/models--glance--tiny");
    }

    private Path snapshot() {
        return repo().resolve("snapshots").resolve(StandInHub.COMMIT);
    }

    private Result run(EngineProcess process, String... args) {
        Result result = process.run(args);
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result;
    }

    private Result generate(EngineProcess process, String out, String... args) {
        return run(
                process,
                Stream.of(
                                Stream.of("generate", "a red circle", "--out", out),
                                RUN.stream(),
                                Arrays.stream(args))
                        .flatMap(all -> all)
                        .toArray(String[]::new));
    }

    @Test
    void generate_nameOfAModel_drawsWhatItsFolderDraws_alsoOffline() throws IOException {
        generate(engine, "folder.png", "--model", TINY.toString());
        Result named = generate(engine, "named.png", "--model", MODEL);
        assertThat(named.err().lines().findFirst())
                .hasValue("glance-engine: pulling glance/tiny: 23.8 MB in 16 files to " + repo());
        assertThat(named.err()).contains("glance-engine: glance/tiny on cpu (");
        assertThat(bytes("named.png")).isEqualTo(bytes("folder.png"));
        assertThat(Images.readText(folder.resolve("named.png"))).containsEntry("model", MODEL);

        EngineProcess alone = engine.env("HF_ENDPOINT", "http://127.0.0.1:1");
        hub.forget();
        generate(alone, "alone.png", "--model", MODEL);
        generate(engine.env("HF_HUB_OFFLINE", "1"), "variable.png", "--model", repo().toString());
        for (String name : List.of("alone.png", "variable.png")) {
            assertThat(bytes(name)).isEqualTo(bytes("folder.png"));
        }
        run(alone, "generate", "--from", "named.png", "--out", "from.png");
        assertThat(bytes("from.png")).isEqualTo(bytes("folder.png"));
        assertThat(hub.seen()).isEmpty();
    }

    /** All pixels, without the settings in the file. */
    private int[] bytes(String name) throws IOException {
        var picture = Images.read(folder.resolve(name));
        return picture.getRGB(
                0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    }

    @Test
    void everyCommand_takesNames() {
        generate(engine, "a.png", "--lora", STYLE + "/slow.safetensors:0.5@1");
        assertThat(Images.readText(folder.resolve("a.png")))
                .containsEntry("adapters", STYLE + "/slow.safetensors:0.5@1");
        run(engine, "lora", "info", STYLE + "/fast.safetensors");
        run(
                engine,
                "lora",
                "resize",
                STYLE + "/slow.safetensors",
                "--rank",
                "2",
                "-o",
                "2.safetensors");
        run(engine, "lora", "merge", MODEL, STYLE + "/slow.safetensors", "--out", "merged");
        run(engine, "lora", "extract", MODEL, "merged", "--rank", "1", "--out", "e.safetensors");
        run(
                engine,
                "lora",
                "convert",
                STYLE + "/slow.safetensors",
                "--to",
                "kohya",
                "--model",
                MODEL,
                "--out",
                "kohya.safetensors");
        run(engine, "bench", "memory", "--model", MODEL);
        run(
                engine,
                "compare",
                "a red circle",
                "--model",
                MODEL,
                "--teacher",
                "uniform-1",
                "--run",
                "s=uniform-1," + STYLE + "/slow.safetensors:0.5@1," + STYLE + "/fast.safetensors");
        Result trained =
                run(
                        engine,
                        "train",
                        "--image",
                        TINY.resolveSibling("recipe/experts/circle-and-heart.png").toString(),
                        "--caption",
                        "a heart",
                        "--model",
                        MODEL,
                        "--steps",
                        "1",
                        "--phase",
                        "all",
                        "--out",
                        "trained",
                        "--cache",
                        folder.resolve("cache").toString());
        assertThat(trained.err()).contains(" --model glance/tiny --lora trained/all.safetensors");
        // A picture of a stranger names what it likes: that alone fetches nothing.
        EngineProcess other = engine.env("HF_HOME", folder.resolve("other").toString());
        hub.forget();
        Result from = other.run("generate", "--from", "a.png", "--out", "b.png");
        assertThat(from.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(from.err())
                .contains("a.png names these files: some-one/style/slow.safetensors:0.5@1")
                .contains(
                        "does not have it; no network may be used here; glance-engine pull"
                                + " some-one/style/slow.safetensors fetches it");
        assertThat(hub.seen()).isEmpty();
    }

    @Test
    void pullAndInfo_sayWhatThereIs() throws IOException {
        Result before = run(engine, "info", MODEL);
        assertThat(before.out())
                .containsPattern("hub model +glance/tiny\n")
                .containsPattern("access +open\n")
                .containsPattern("size +22.7 MiB in 16 files, of which 0 B are in the cache\n")
                .containsPattern(WEIGHTS + " +13.1 MiB +to fetch\n")
                .doesNotContain("README.md");
        assertThat(hub.seen()).hasSize(1);
        assertThat(folder.resolve("home")).doesNotExist();

        Result pulled = run(engine, "pull", MODEL, STYLE + "/slow.safetensors");
        assertThat(pulled.out().lines())
                .containsExactly(
                        snapshot().toString(),
                        folder.resolve("home/hub/models--some-one--style/snapshots")
                                .resolve(StandInHub.COMMIT)
                                .resolve("slow.safetensors")
                                .toString());
        assertThat(pulled.err())
                .contains("draw with it: glance-engine generate \"a cat\" --model glance/tiny\n")
                .contains(" --model MODEL --lora some-one/style/slow.safetensors\n");
        assertThat(run(engine, "info", MODEL, "--offline").out()).contains("QwenImagePipeline");
        Files.delete(snapshot().resolve(WEIGHTS).toRealPath());
        assertThat(run(engine, "info", MODEL, "--json").out())
                .contains("\"cached\" : true", "\"cached\" : false");
        hub.file(
                "some-one/other",
                "model_index.json",
                "{\"_class_name\": \"XPipeline\"}".getBytes());
        hub.file("some-one/other", "vae/diffusion_pytorch_model.safetensors", new byte[100]);
        hub.forget();
        Result other = engine.run("pull", "some-one/other");
        assertThat(other.err()).contains("XPipeline");
        assertThat(hub.onCdn()).isEmpty();
        Result several = engine.run("generate", "x", "--lora", STYLE);
        assertThat(several.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(several.err())
                .isEqualTo(
                        "glance-engine: error: some-one/style: holds 2 safetensors files; name one"
                                + " of them, such as some-one/style/fast.safetensors,"
                                + " slow.safetensors\n");
    }

    @Test
    void token_isNeverPrinted() {
        EngineProcess secret = engine.env("HF_TOKEN", "hf_secret");
        Result pulled = run(secret, "pull", MODEL, "--verbose");
        Result unknown = secret.run("pull", "some-one/unknown", "--verbose");
        assertThat(unknown.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(pulled.out() + pulled.err() + unknown.out() + unknown.err())
                .contains("no such repository")
                .doesNotContain("hf_secret");
        assertThat(hub.seen()).anyMatch(seen -> "Bearer hf_secret".equals(seen.authorization()));
        assertThat(hub.onCdn()).isNotEmpty().allMatch(seen -> seen.authorization() == null);
    }

    @Test
    void twoProcessesAtOnce_fetchEachBlobOnce() {
        slowly(20);
        EngineProcess direct = engine.env("GLANCE_NO_RELAUNCH", "1");
        Process first = direct.start(List.of(), "pull", MODEL);
        Process second = direct.start(List.of(), "pull", MODEL);
        for (Process process : List.of(first, second)) {
            Result result = EngineProcess.finish(process);
            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.out().strip()).isEqualTo(snapshot().toString());
        }
        assertThat(hub.onCdn())
                .extracting(seen -> seen.path() + seen.range())
                .doesNotHaveDuplicates();
        assertWhole();
    }

    /** Sends large files in parts with a pause of so many milliseconds. */
    private void slowly(int millis) {
        hub.fault(
                exchange -> {
                    if (exchange.getLocalAddress().getPort() == hub.cdnPort()) {
                        try {
                            Thread.sleep(millis * 10L);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                    return false;
                });
    }

    @Test
    void killedProcess_leavesBeginnings_andTheNextGoesOn() throws Exception {
        byte[] content = Files.readAllBytes(TINY.resolve(WEIGHTS));
        Path begun = holdAfterTheFirstPiece(content);
        Process process = engine.env("GLANCE_NO_RELAUNCH", "1").start(List.of(), "pull", MODEL);
        waitFor(begun);
        process.destroyForcibly().waitFor();
        assertBegun(begun, content);
        long left = Files.size(begun);
        hub.fault(exchange -> false);
        hub.forget();
        run(engine, "pull", MODEL);
        assertThat(hub.onCdn())
                .filteredOn(seen -> seen.path().contains(WEIGHTS))
                .extracting(seen -> Integer.parseInt(seen.range().split("[=-]")[1]))
                .allMatch(first -> first >= left);
        assertWhole();
    }

    @Test
    void stoppedProcess_saysSoInOneLine_andTheNextGoesOn() throws Exception {
        byte[] content = Files.readAllBytes(TINY.resolve(WEIGHTS));
        Path begun = holdAfterTheFirstPiece(content);
        Process process = engine.start(List.of(), "pull", MODEL);
        waitFor(begun);
        // not Process.destroy, which closes its streams
        process.toHandle().destroy();
        Result result = EngineProcess.finish(process);
        assertThat(result.err()).endsWith("glance-engine: interrupted\n");
        assertThat(result.exitCode()).isIn(ExitCode.INTERRUPTED, 128 + 15);
        assertBegun(begun, content);
        hub.fault(exchange -> false);
        run(engine, "pull", MODEL);
        assertWhole();
    }

    /** Holds back the second piece of the largest file. */
    private Path holdAfterTheFirstPiece(byte[] content) {
        hub.fault(
                exchange -> {
                    String range = exchange.getRequestHeaders().getFirst("Range");
                    if (range != null && !range.startsWith("bytes=0-")) {
                        try {
                            Thread.sleep(60_000);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                    return false;
                });
        return repo().resolve("blobs").resolve(StandInHub.etag(WEIGHTS, content) + ".incomplete");
    }

    private static void waitFor(Path file) throws Exception {
        for (int i = 0; i < 600 && !(Files.exists(file) && Files.size(file) > 0); i++) {
            Thread.sleep(100);
        }
    }

    private void assertBegun(Path begun, byte[] content) throws IOException {
        byte[] there = Files.readAllBytes(begun);
        assertThat(there).isNotEmpty().isEqualTo(Arrays.copyOf(content, there.length));
        assertThat(repo().resolve("refs/main")).doesNotExist();
        try (Stream<Path> blobs = Files.list(repo().resolve("blobs"))) {
            assertThat(blobs.map(blob -> blob.getFileName().toString()))
                    .allMatch(name -> name.matches("[0-9a-f]{40}([0-9a-f]{24})?(\\.incomplete)?"));
        }
    }

    private void assertWhole() {
        try (Stream<Path> files = Files.walk(TINY)) {
            for (Path file :
                    files.filter(Files::isRegularFile)
                            .filter(path -> !path.endsWith("README.md"))
                            .toList()) {
                assertThat(snapshot().resolve(TINY.relativize(file).toString()))
                        .hasBinaryContent(Files.readAllBytes(file));
            }
            try (Stream<Path> blobs = Files.list(repo().resolve("blobs"))) {
                assertThat(blobs).hasSize(16);
            }
            assertThat(repo().resolve("refs/main")).hasContent(StandInHub.COMMIT);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A limit for the size of files stands for a disk that is full. */
    @Test
    void fullDisk_isOneLine_andTheNextGoesOn() throws IOException {
        byte[] content = Files.readAllBytes(TINY.resolve(WEIGHTS));
        Process process =
                engine.env("GLANCE_NO_RELAUNCH", "1")
                        .start(
                                List.of("bash", "-c", "ulimit -f 6000; exec \"$@\"", "-"),
                                "pull",
                                MODEL);
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).as(result.err()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err().lines().filter(line -> line.contains("error")))
                .singleElement()
                .asString()
                .startsWith("glance-engine: error: " + folder.resolve("home/hub"))
                .contains(": cannot be written (")
                .contains("what came is kept");
        assertBegun(
                repo().resolve("blobs").resolve(StandInHub.etag(WEIGHTS, content) + ".incomplete"),
                content);
        run(engine, "pull", MODEL);
        assertWhole();
    }

    @Test
    void proxyOfTheEnvironment_isUsed() {
        EngineProcess behind =
                engine.env("HF_ENDPOINT", "http://hub.invalid")
                        .env("HTTP_PROXY", hub.endpoint())
                        .env("NO_PROXY", "localhost");
        run(behind, "pull", MODEL);
        assertThat(hub.seen()).anyMatch(seen -> seen.path().startsWith("http://hub.invalid/api/"));
        assertWhole();
    }

    @Test
    void javaWithoutHttp_drawsAndSaysWhatItLacks() {
        EngineProcess small =
                engine.with(
                                "--limit-modules",
                                "java.desktop,java.logging,java.management,jdk.management,"
                                        + "jdk.unsupported,jdk.incubator.vector",
                                "--add-modules",
                                "jdk.incubator.vector")
                        .env("GLANCE_NO_RELAUNCH", "1");
        generate(small, "built-in.png");
        Result result = small.run("pull", MODEL);
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err().lines().filter(line -> line.contains("error")))
                .singleElement()
                .asString()
                .endsWith("this Java lacks the module java.net.http, which could fetch it");
        run(engine, "pull", MODEL);
        generate(small, "cached.png", "--model", MODEL);
    }
}
