package glance.pipeline;

import com.code_intelligence.jazzer.junit.FuzzTest;
import glance.backend.DryDevice;
import glance.fuzz.Reader;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.ops.Ops;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The configs of all parts of all families, in folders that have nothing else. */
class ConfigFuzzTest {
    private static final String INDEX = "model_index.json";

    /** What reads a config; without weights it comes no further. */
    private interface Part {
        void open(Family family, Ops ops, ModelFolder folder);
    }

    @FuzzTest
    void transformer(byte[] content) throws IOException {
        judge(content, "transformer", (family, ops, folder) -> family.openDenoiser(ops, folder));
    }

    @FuzzTest
    void geometry(byte[] content) throws IOException {
        judge(content, "transformer", (family, ops, folder) -> family.geometry(folder));
    }

    @FuzzTest
    void autoencoder(byte[] content) throws IOException {
        judge(content, "vae", (family, ops, folder) -> family.openCodec(ops, folder));
    }

    @FuzzTest
    void textEncoder(byte[] content) throws IOException {
        judge(
                content,
                "text_encoder",
                (family, ops, folder) -> family.openPromptEncoder(ops, folder, 16));
    }

    @FuzzTest
    void scheduler(byte[] content) throws IOException {
        judge(
                content,
                "scheduler/scheduler_config.json",
                (family, ops, folder) -> family.schedule(folder).sigmas(4, 64));
    }

    @FuzzTest
    void note(byte[] content) throws IOException {
        judge(content, "glance.json", (family, ops, folder) -> Families.defaults(folder));
    }

    private static void judge(byte[] content, String part, Part reader) throws IOException {
        String name = part.endsWith(".json") ? part : part + "/config.json";
        Path index = Reader.folder().resolve(INDEX);
        for (Family family : Families.all()) {
            Files.writeString(index, "{\"_class_name\": \"" + family.pipelineClass() + "\"}");
            Reader.judge(
                    List.of(INDEX, name),
                    name,
                    content,
                    file -> {
                        try (Ops ops = new Ops(DryDevice.ideal(DType.F32))) {
                            reader.open(family, ops, ModelFolder.open(Reader.folder()));
                        } catch (IllegalArgumentException e) {
                            // sigmas of a schedule that has none for so few tokens
                            if (!part.startsWith("scheduler")) {
                                throw e;
                            }
                        }
                    });
        }
        Files.delete(index);
    }
}
