package glance.hub;

import glance.api.adapter.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A cache, a stand-in of the hub, and somebody who watches. */
final class HubFixture implements AutoCloseable {
    static final String ID = "some-one/tiny.model";
    static final HubName NAME = HubName.of(ID).orElseThrow();

    final StandInHub hub = new StandInHub();
    final List<String> notes = new ArrayList<>();
    final Map<String, String> environment = new HashMap<>();
    private final Path home;
    private Transfer transfer = new Transfer(1 << 20, 4, 1, 10_000, folder -> Long.MAX_VALUE);

    HubFixture(Path home) {
        this.home = home;
        environment.put("HF_ENDPOINT", hub.endpoint());
    }

    /** A model whose weights are some noise. */
    HubFixture model(int weightBytes) {
        hub.file(ID, "model_index.json", text("{\"_class_name\": \"X\", \"vae\": [\"d\", \"V\"]}"));
        hub.file(ID, "vae/config.json", text("{}"));
        hub.file(ID, "vae/diffusion_pytorch_model.safetensors", noise(weightBytes));
        hub.file(ID, "README.md", text("hello"));
        hub.file(ID, "vae/diffusion_pytorch_model.bin", noise(100));
        return this;
    }

    HubFixture pieces(int bytes) {
        transfer =
                new Transfer(
                        bytes,
                        transfer.connections(),
                        transfer.firstWaitMillis(),
                        transfer.silenceMillis(),
                        transfer.disk());
        return this;
    }

    HubFixture silence(long millis) {
        transfer =
                new Transfer(
                        transfer.pieceBytes(),
                        transfer.connections(),
                        transfer.firstWaitMillis(),
                        millis,
                        transfer.disk());
        return this;
    }

    HubFixture free(long bytes) {
        transfer =
                new Transfer(
                        transfer.pieceBytes(),
                        transfer.connections(),
                        transfer.firstWaitMillis(),
                        transfer.silenceMillis(),
                        folder -> bytes);
        return this;
    }

    HubSettings settings() {
        return HubSettings.of(environment::get, home).with(transfer);
    }

    HubFiles files() {
        return files(settings());
    }

    HubFiles files(HubSettings settings) {
        return new HubFiles(
                settings,
                new Watch() {
                    @Override
                    public void next(String name, int done, int total) {}

                    @Override
                    public void note(String message) {
                        notes.add(message);
                    }
                },
                folder -> {});
    }

    /** The folder of the repository in the cache. */
    Path repo() {
        return home.resolve(".cache/huggingface/hub/models--some-one--tiny.model");
    }

    Path snapshot() {
        return repo().resolve("snapshots").resolve(StandInHub.COMMIT);
    }

    /** All files below a folder: links by where they lead, others by their content's name. */
    static Map<String, String> tree(Path folder) {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.toList()) {
                String name = folder.relativize(path).toString();
                if (Files.isSymbolicLink(path)) {
                    tree.put(name, "-> " + Files.readSymbolicLink(path));
                } else if (Files.isRegularFile(path)) {
                    tree.put(name, Files.size(path) + " bytes");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return tree;
    }

    static byte[] noise(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    static byte[] text(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        hub.close();
    }
}
