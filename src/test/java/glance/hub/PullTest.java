package glance.hub;

import static glance.hub.HubFixture.NAME;
import static glance.hub.HubFixture.noise;
import static glance.hub.HubFixture.text;
import static glance.hub.HubFixture.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.CancelledException;
import glance.api.adapter.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PullTest {
    private static final String WEIGHTS = "vae/diffusion_pytorch_model.safetensors";
    private static final int SIZE = 300_000;

    @TempDir private Path home;
    private HubFixture fixture;

    @BeforeEach
    void open() {
        fixture = new HubFixture(home).model(SIZE);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /**
     * The rules of the hub's client: blobs by their hashes, relative links, a ref without newline.
     */
    @Test
    void pull_layout_isThatOfTheHubsClient() throws IOException {
        Path model = fixture.pieces(64_000).files().model(NAME);
        assertThat(model).isEqualTo(fixture.snapshot());
        Map<String, byte[]> read =
                Map.of(
                        "model_index.json",
                        text("{\"_class_name\": \"X\", \"vae\": [\"d\", \"V\"]}"),
                        "vae/config.json",
                        text("{}"),
                        WEIGHTS,
                        noise(SIZE));
        Map<String, String> expected = new TreeMap<>();
        String snapshot = "snapshots/" + StandInHub.COMMIT + "/";
        read.forEach(
                (path, content) -> {
                    String etag = StandInHub.etag(path, content);
                    String up = path.contains("/") ? "../../../" : "../../";
                    expected.put("blobs/" + etag, content.length + " bytes");
                    expected.put(snapshot + path, "-> " + up + "blobs/" + etag);
                });
        expected.put("refs/main", "40 bytes");
        assertThat(tree(fixture.repo())).isEqualTo(expected);
        for (Map.Entry<String, byte[]> file : read.entrySet()) {
            assertThat(model.resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
        assertThat(fixture.repo().resolve("refs/main")).hasContent(StandInHub.COMMIT);
        Path locks = fixture.repo().resolveSibling(".locks").resolve(fixture.repo().getFileName());
        assertThat(tree(locks).keySet())
                .isEqualTo(
                        read.entrySet().stream()
                                .map(f -> StandInHub.etag(f.getKey(), f.getValue()) + ".lock")
                                .collect(Collectors.toSet()));
    }

    @Test
    void pull_largeFile_comesInPiecesFromWhereTheHubSendsUs() {
        fixture.pieces(100_000).files().model(NAME);
        assertThat(fixture.hub.onCdn())
                .extracting(StandInHub.Seen::range)
                .containsExactlyInAnyOrder(
                        "bytes=0-99999", "bytes=100000-199999", "bytes=200000-299999");
        assertThat(fixture.notes)
                .containsExactly(
                        "pulling some-one/tiny.model: 0.3 MB in 3 files to " + fixture.repo());
    }

    @Test
    void pull_progress_growsToTheWhole() {
        fixture.hub.file(
                HubFixture.ID, "vae/diffusion_pytorch_model.safetensors", noise(7_300_000));
        List<int[]> heard = new ArrayList<>();
        Watch watch = (name, done, total) -> heard.add(new int[] {done, total});
        new HubFiles(fixture.pieces(500_000).settings(), watch, folder -> {}).model(NAME);
        assertThat(heard).isNotEmpty().allMatch(step -> step[1] == 7 && step[0] <= 7);
        assertThat(heard.get(heard.size() - 1)[0]).isEqualTo(7);
    }

    @Test
    void pull_token_goesToTheHubAlone() {
        fixture.environment.put("HF_TOKEN", "hf_secret");
        fixture.files().model(NAME);
        assertThat(fixture.hub.seen())
                .filteredOn(seen -> !seen.onCdn())
                .isNotEmpty()
                .allMatch(seen -> "Bearer hf_secret".equals(seen.authorization()));
        assertThat(fixture.hub.onCdn()).isNotEmpty().allMatch(seen -> seen.authorization() == null);
    }

    @Test
    void model_inTheCache_needsNoNetwork() {
        fixture.files().model(NAME);
        fixture.hub.forget();
        assertThat(fixture.files().model(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.files(fixture.settings().withoutNetwork()).model(NAME))
                .isEqualTo(fixture.snapshot());
        assertThat(fixture.hub.seen()).isEmpty();
    }

    @Test
    void pull_listWithoutSizes_asksForEach() {
        fixture.hub.withoutSizes();
        fixture.files().model(NAME);
        assertThat(tree(fixture.repo())).hasSize(7);
        assertThat(fixture.hub.seen())
                .filteredOn(seen -> seen.method().equals("HEAD"))
                .extracting(StandInHub.Seen::path)
                .contains("/some-one/tiny.model/resolve/" + StandInHub.COMMIT + "/" + WEIGHTS);
    }

    @Test
    void pull_begunByAnother_goesOnFromThere() throws IOException {
        byte[] content = noise(SIZE);
        Path begun = fixture.repo().resolve("blobs");
        Files.createDirectories(begun);
        Files.write(
                begun.resolve(StandInHub.etag(WEIGHTS, content) + ".incomplete"),
                Arrays.copyOf(content, 250_000));
        fixture.files().model(NAME);
        assertThat(fixture.hub.onCdn())
                .extracting(StandInHub.Seen::range)
                .containsExactly("bytes=250000-299999");
        assertThat(fixture.snapshot().resolve(WEIGHTS)).hasBinaryContent(content);
        assertThat(tree(fixture.repo())).hasSize(7);
        assertThat(fixture.notes.get(0)).contains(": 0.1 MB in 3 files");
    }

    @Test
    void pull_begunWrongly_beginsAnew() throws IOException {
        byte[] content = noise(SIZE);
        for (int size : new int[] {1, SIZE, SIZE + 1}) {
            Path begun =
                    fixture.repo()
                            .resolve("blobs")
                            .resolve(StandInHub.etag(WEIGHTS, content) + ".incomplete");
            Files.createDirectories(begun.getParent());
            Files.write(begun, new byte[size]);
            Files.deleteIfExists(begun.resolveSibling(StandInHub.etag(WEIGHTS, content)));
            fixture.files().pull(NAME);
            assertThat(fixture.snapshot().resolve(WEIGHTS)).hasBinaryContent(content);
            assertThat(begun).doesNotExist();
        }
    }

    @Test
    void pull_newCommitOrLostBlob_fetchesWhatDiffers() throws IOException {
        fixture.files().model(NAME);
        Path old = fixture.repo().resolve("snapshots/" + "0".repeat(40));
        Files.move(fixture.snapshot(), old);
        Files.writeString(fixture.repo().resolve("refs/main"), "0".repeat(40));
        fixture.hub.forget();
        assertThat(fixture.files().pull(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.hub.onCdn()).isEmpty();
        assertThat(fixture.repo().resolve("refs/main")).hasContent(StandInHub.COMMIT);

        Files.delete(fixture.snapshot().resolve(WEIGHTS).toRealPath());
        assertThat(fixture.files().model(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.snapshot().resolve(WEIGHTS)).hasBinaryContent(noise(SIZE));
    }

    @Test
    void pull_revision_isARefOfItsOwn() {
        HubName tagged = HubName.of(HubFixture.ID + "@v1").orElseThrow();
        HubName request = HubName.of(HubFixture.ID + "@refs/pr/1").orElseThrow();
        HubName commit = HubName.of(HubFixture.ID + "@" + StandInHub.COMMIT).orElseThrow();
        fixture.files().model(tagged);
        fixture.files().pull(request);
        fixture.files().pull(commit);
        assertThat(tree(fixture.repo().resolve("refs")).keySet())
                .isEqualTo(Set.of("v1", "refs/pr/1"));
        fixture.hub.forget();
        assertThat(fixture.files().model(commit)).isEqualTo(fixture.snapshot());
        assertThat(fixture.hub.seen()).isEmpty();
    }

    @Test
    void pull_sameContentTwice_isFetchedOnce() throws IOException {
        fixture.hub.file(HubFixture.ID, "transformer/config.json", text("{}"));
        fixture.hub.file(
                HubFixture.ID, "transformer/diffusion_pytorch_model.safetensors", noise(SIZE));
        fixture.files().model(NAME);
        assertThat(fixture.hub.onCdn()).hasSize(1);
        assertThat(fixture.snapshot().resolve("transformer/diffusion_pytorch_model.safetensors"))
                .hasBinaryContent(noise(SIZE));
    }

    @Test
    void link_systemWithoutLinks_movesContentIntoTheSnapshot() throws IOException {
        RepoCache cache =
                new RepoCache(
                        home,
                        NAME,
                        (link, target) -> {
                            throw new UnsupportedOperationException();
                        });
        RepoFile first = new RepoFile("a", "1".repeat(40), 3);
        Files.createDirectories(cache.blob(first.etag()).getParent());
        Files.writeString(cache.blob(first.etag()), "abc");
        cache.link("c", first, false);
        cache.link("c", new RepoFile("b/b", "1".repeat(40), 3), true);
        assertThat(tree(cache.path()))
                .isEqualTo(Map.of("snapshots/c/a", "3 bytes", "snapshots/c/b/b", "3 bytes"));
        assertThat(cache.has("c", first)).isTrue();
    }

    @Test
    void pull_fullDisk_isKnownBefore() {
        assertThatThrownBy(() -> fixture.free(299_000).files().model(NAME))
                .hasMessage(
                        "some-one/tiny.model: needs 0.3 MB, and the disk of "
                                + fixture.repo()
                                + " has 0.3 MB free; make room, or set HF_HUB_CACHE to a folder"
                                + " elsewhere");
        assertThat(tree(fixture.repo())).isEmpty();
    }

    @Test
    void pull_unwritableCache_saysSo() throws IOException {
        Files.createDirectories(home.resolve(".cache"));
        Files.writeString(home.resolve(".cache/huggingface"), "a file");
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessageStartingWith(
                        home.resolve(".cache/huggingface/hub") + ": cannot be written (")
                .hasMessageContaining("set HF_HUB_CACHE to another folder");
    }

    @Test
    void pull_cancelled_keepsTheBeginningForTheNext() throws IOException {
        fixture.pieces(10_000);
        int[] calls = new int[1];
        Watch watch =
                new Watch() {
                    @Override
                    public void next(String name, int done, int total) {}

                    @Override
                    public boolean isCancelled() {
                        return ++calls[0] > 12;
                    }
                };
        HubFiles files = new HubFiles(fixture.settings(), watch, folder -> {});
        assertThatThrownBy(() -> files.model(NAME)).isInstanceOf(CancelledException.class);
        assertOnlyBeginnings();
        assertThat(fixture.files().model(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.snapshot().resolve(WEIGHTS)).hasBinaryContent(noise(SIZE));
        assertThat(tree(fixture.repo())).hasSize(7);
    }

    @Test
    void pull_interrupted_isCancelled() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(fixture.files().model(NAME)).isEqualTo(fixture.snapshot());
    }

    /** Nothing has its name before it is whole. */
    private void assertOnlyBeginnings() throws IOException {
        byte[] content = noise(SIZE);
        Path blobs = fixture.repo().resolve("blobs");
        for (String name : tree(blobs).keySet()) {
            if (name.startsWith(StandInHub.etag(WEIGHTS, content))) {
                assertThat(name).endsWith(".incomplete");
                byte[] begun = Files.readAllBytes(blobs.resolve(name));
                assertThat(begun).isEqualTo(Arrays.copyOf(content, begun.length));
            }
        }
        assertThat(fixture.repo().resolve("refs/main")).doesNotExist();
    }

    @Test
    void model_checkOfItsConfigs_isBeforeItsWeights() {
        HubFiles files =
                new HubFiles(
                        fixture.settings(),
                        Watch.NONE,
                        folder -> {
                            assertThat(folder.resolve("vae/config.json")).exists();
                            throw new IllegalStateException("unknown");
                        });
        assertThatThrownBy(() -> files.model(NAME)).hasMessage("unknown");
        assertThat(fixture.hub.onCdn()).isEmpty();
    }
}
