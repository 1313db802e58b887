package glance;

import static org.assertj.core.api.Assertions.assertThat;

import glance.ops.Ops;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The jar that other programs depend on: the engine, and nothing that they did not ask for. */
class LibraryJarIT {
    private static final Path JAR = Path.of(System.getProperty("glance.library"));

    @Test
    void module_hasItsNameAndThePackagesOfTheEngineAlone() {
        ModuleDescriptor module =
                ModuleFinder.of(JAR).find("io.glance.engine").orElseThrow().descriptor();
        assertThat(module.isAutomatic()).isTrue();
        assertThat(module.packages())
                .contains("glance.ops", "glance.backend.cuda")
                .doesNotContain("glance.cli")
                .allMatch(name -> (name + ".").startsWith("glance."));
    }

    @Test
    void files_areTheEnginesOwn() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            assertThat(jar.getEntry("glance/weights/glance-tiny/model_index.json")).isNotNull();
            assertThat(jar.getEntry("META-INF/LICENSE")).isNotNull();
            assertThat(jar.getEntry("META-INF/services/glance.backend.DeviceProvider")).isNotNull();
            assertThat(jar.stream().map(Object::toString))
                    .noneMatch(name -> name.endsWith(".so"))
                    .doesNotContain("simplelogger.properties");
        }
    }

    @Test
    void sources_lieBesideIt() throws IOException {
        Path sources =
                JAR.resolveSibling(JAR.getFileName().toString().replace(".jar", "-sources.jar"));
        try (JarFile jar = new JarFile(sources.toFile())) {
            assertThat(jar.getEntry("glance/ops/Ops.java")).isNotNull();
        }
    }

    /** So that they see what a program sees that depends on it. */
    @Test
    void integrationTests_runOnIt() {
        Path place =
                Path.of(Ops.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        assertThat(place).isEqualTo(JAR);
        assertThat(Ops.class.getPackage().getImplementationVersion()).isNotNull();
    }
}
