package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuiltInModelTest {
    private static final Map<String, String> FILES =
            Map.of(
                    "model_index.json", "{\"_class_name\":\"X\"}",
                    "vae/config.json", "{}",
                    "vae/diffusion_pytorch_model.safetensors", "weights");

    @TempDir Path folder;

    @Test
    void path_ofThisBuild_isAModel() {
        assertThat(ModelFolder.open(BuiltInModel.path()).pipelineClass())
                .isEqualTo("QwenImagePipeline");
    }

    @Test
    void path_fromAJar_unpacksOnce() throws Exception {
        Path model = unpack(FILES);
        FILES.forEach((name, content) -> assertThat(model.resolve(name)).hasContent(content));
        Object before = Files.readAttributes(model.resolve("vae/config.json"), "*").get("fileKey");
        assertThat(unpack(FILES)).isEqualTo(model);
        assertThat(Files.readAttributes(model.resolve("vae/config.json"), "*").get("fileKey"))
                .isEqualTo(before);
    }

    @Test
    void path_halfDeletedCache_isRepaired() throws Exception {
        Path model = unpack(FILES);
        Files.delete(model.resolve("vae/config.json"));
        Files.writeString(model.resolve("model_index.json"), "half");
        unpack(FILES);
        FILES.forEach((name, content) -> assertThat(model.resolve(name)).hasContent(content));
        try (Stream<Path> all = Files.walk(model).filter(Files::isRegularFile)) {
            assertThat(all.count()).isEqualTo(FILES.size());
        }
    }

    @Test
    void path_otherContentOfTheSameSize_goesToAnotherFolder() throws Exception {
        Path model = unpack(FILES);
        Path other =
                unpack(
                        Map.of(
                                "model_index.json", "{\"_class_name\":\"Y\"}",
                                "vae/config.json", "{}",
                                "vae/diffusion_pytorch_model.safetensors", "weights"));
        assertThat(other).isNotEqualTo(model);
        assertThat(other.resolve("model_index.json")).hasContent("{\"_class_name\":\"Y\"}");
    }

    @Test
    void path_cacheNotWritable_usesATemporaryFolder() throws Exception {
        Path notAFolder = Files.createFile(folder.resolve("cache"));
        Path model = unpack(FILES);
        assertThat(model.startsWith(notAFolder)).isFalse();
        assertThat(model.resolve("vae/config.json")).hasContent("{}");
    }

    @Test
    void path_manyAtOnce_allSeeCompleteFiles() throws Exception {
        Path jar = jar(FILES);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<Path> start =
                    () -> {
                        try (URLClassLoader loader = loader(jar)) {
                            Path model = BuiltInModel.path(loader, folder.resolve("cache"));
                            FILES.forEach(
                                    (name, content) ->
                                            assertThat(model.resolve(name)).hasContent(content));
                            return model;
                        }
                    };
            for (Future<Path> result : threads.invokeAll(List.of(start, start, start, start))) {
                assertThat(result.get()).isDirectory();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void path_notInTheBuild_isRefused() throws Exception {
        Path jar = jar(Map.of());
        try (URLClassLoader loader = loader(jar)) {
            assertThatThrownBy(() -> BuiltInModel.path(loader, folder))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not in this build");
        }
    }

    private Path unpack(Map<String, String> files) throws IOException {
        try (URLClassLoader loader = loader(jar(files))) {
            return BuiltInModel.path(loader, folder.resolve("cache"));
        }
    }

    /** A loader without a parent, which would find the model of this build. */
    private static URLClassLoader loader(Path jar) throws IOException {
        return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
    }

    private Path jar(Map<String, String> files) throws IOException {
        Path jar = Files.createTempFile(folder, "model", ".jar");
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("other/file"));
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry("glance/weights/glance-tiny/" + file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return jar;
    }
}
