package glance.release;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of {@code scripts/release} passes what is right, and names each fault in one line. */
class CheckReleaseTest {
    private static final Path CATALOG = Path.of("jbang-catalog.json");
    private static final String POM =
            """
            <project>
              <groupId>io.glance</groupId>
              <artifactId>ARTIFACT</artifactId>
              <version>1.0</version>
              <name>a</name>
              <description>b</description>
              <url>http://localhost</url>
              <licenses><license><name>c</name><url>d</url></license></licenses>
              <developers><developer><name>e</name></developer></developers>
              <scm><url>f</url><connection>g</connection><developerConnection>h</developerConnection></scm>
              <properties><other.version>2.0</other.version></properties>
              <dependencies>
                <dependency>
                  <groupId>org.other</groupId>
                  <artifactId>other</artifactId>
                  <version>${other.version}</version>
                </dependency>
              </dependencies>
            </project>
            """;

    private static Class<?> check;

    @TempDir private static Path classes;
    @TempDir private Path folder;
    private Path checkout;
    private Path repository;

    @BeforeEach
    void deploy() throws Exception {
        checkout = Files.createDirectories(folder.resolve("checkout"));
        repository = folder.resolve("repository");
        Files.writeString(
                checkout.resolve("jbang-catalog.json"),
                "{\"script-ref\": \"io.glance:glance-engine:1.0:all@fatjar\"}");
        deploy("glance-engine", checkout, "glance/Glance.class");
        jar(file("glance-engine", "-all.jar"), "Main", "Main.class");
        deploy("glance-a", checkout.resolve("integrations/a"), "glance/a/A.class");
    }

    private void deploy(String artifact, Path project, String... entries) throws Exception {
        Files.createDirectories(project);
        Files.writeString(project.resolve("pom.xml"), POM.replace("ARTIFACT", artifact));
        Files.createDirectories(file(artifact, ".jar").getParent());
        pom(artifact, POM.replace("ARTIFACT", artifact));
        jar(file(artifact, ".jar"), null, entries);
        jar(file(artifact, "-sources.jar"), null, "A.java");
        jar(file(artifact, "-javadoc.jar"), null, "index.html");
    }

    private Path file(String artifact, String end) {
        return repository.resolve("io/glance/" + artifact + "/1.0/" + artifact + "-1.0" + end);
    }

    private void pom(String artifact, String text) throws Exception {
        Files.writeString(file(artifact, ".pom"), text);
        sums(file(artifact, ".pom"));
    }

    private static void jar(Path file, String main, String... entries) throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (main != null) {
            manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, main);
        }
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            for (String entry : entries) {
                jar.putNextEntry(new JarEntry(entry));
            }
        }
        sums(file);
    }

    private static void sums(Path file) throws Exception {
        for (Map.Entry<String, String> kind : Map.of("md5", "MD5", "sha1", "SHA-1").entrySet()) {
            byte[] digest =
                    MessageDigest.getInstance(kind.getValue()).digest(Files.readAllBytes(file));
            Files.writeString(
                    file.resolveSibling(file.getFileName() + "." + kind.getKey()),
                    HexFormat.of().formatHex(digest),
                    StandardCharsets.US_ASCII);
        }
    }

    private static List<?> faults(Path repository, Path checkout, boolean signed) throws Exception {
        if (check == null) {
            check = Script.compile("CheckRelease.java", "CheckRelease", classes);
        }
        return (List<?>)
                check.getMethod("faults", Path.class, Path.class, boolean.class)
                        .invoke(null, repository, checkout, signed);
    }

    private void requireFault(String... parts) throws Exception {
        assertThat(faults(repository, checkout, false)).hasSize(1);
        assertThat(faults(repository, checkout, false).get(0).toString()).contains(parts);
    }

    private void requireFaultOfPom(String without, String with, String... parts) throws Exception {
        String text = POM.replace("ARTIFACT", "glance-a");
        assertThat(text).contains(without);
        pom("glance-a", text.replace(without, with));
        requireFault(parts);
    }

    @Test
    void whatIsComplete_passes() throws Exception {
        assertThat(faults(repository, checkout, false)).isEmpty();
    }

    @Test
    void aMissingFile_isNamed() throws Exception {
        for (String end : List.of("-javadoc.jar", "-sources.jar")) {
            deploy();
            Files.delete(file("glance-engine", end));
            requireFault("glance-engine: glance-engine-1.0" + end + " is missing");
        }
    }

    @Test
    void anIntegrationThatWasNotDeployed_isNamed() throws Exception {
        Path other = Files.createDirectories(checkout.resolve("integrations/b"));
        Files.writeString(other.resolve("pom.xml"), POM.replace("ARTIFACT", "glance-b"));
        assertThat(faults(repository, checkout, false))
                .hasSize(4)
                .allMatch(fault -> fault.toString().startsWith("glance-b: glance-b-1.0"));
    }

    @Test
    void checksums_mustBeThereAndRight() throws Exception {
        Path sum = file("glance-a", ".jar.md5");
        Files.writeString(sum, "0");
        requireFault("glance-a: glance-a-1.0.jar.md5 is not that of the file");
        Files.delete(sum);
        requireFault("glance-a-1.0.jar.md5 is missing");
    }

    @Test
    void signatures_areAskedForWhereWanted() throws Exception {
        assertThat(faults(repository, checkout, true))
                .hasSize(9)
                .allMatch(fault -> fault.toString().endsWith("has no signature"));
    }

    @Test
    void pom_mustSayEverything() throws Exception {
        requireFaultOfPom("<name>a</name>\n", "", "glance-a: the pom has no name");
        requireFaultOfPom("<description>b</description>", "", "no description");
        requireFaultOfPom("<url>http://localhost</url>", "", "the pom has no url");
        requireFaultOfPom("<url>d</url>", "", "no licenses/license/url");
        requireFaultOfPom("<developer><name>e</name></developer>", "", "no developers/");
        requireFaultOfPom("<connection>g</connection>", "", "no scm/connection");
        String parent = "<parent><groupId>a</groupId></parent><name>a</name>";
        requireFaultOfPom("<name>a</name>", parent, "has a parent");
        requireFaultOfPom("<name>a</name>", "<name>a</name><repositories/>", "repositories");
    }

    @Test
    void versions_mustBePlainAndReleased() throws Exception {
        String version = "<version>${other.version}</version>";
        requireFaultOfPom(version, "", "org.other:other has no version");
        requireFaultOfPom(version, "<version>${none}</version>", "${none}, expected a plain one");
        requireFaultOfPom(version, "<version>[1,2)</version>", "[1,2), expected a plain one");
        requireFaultOfPom(version, "<version>1-SNAPSHOT</version>", "1-SNAPSHOT");
        requireFaultOfPom(version, version + "<scope>system</scope>", "the scope system");
    }

    @Test
    void theLibrary_hasNoCommandLine_andNothingThatStandsOnIt() throws Exception {
        jar(file("glance-engine", ".jar"), null, "glance/Glance.class", "glance/cli/Main.class");
        requireFault("glance-engine-1.0.jar has glance/cli/Main.class");
        deploy();
        pom(
                "glance-engine",
                POM.replace("ARTIFACT", "glance-engine").replace("org.other", "io.glance"));
        requireFault("glance-engine: depends on other");
        deploy();
        jar(file("glance-a", ".jar"), null, "glance/Glance.class");
        requireFault("glance-a-1.0.jar has the engine in it");
    }

    @Test
    void catalog_mustNameAJarThatStarts() throws Exception {
        jar(file("glance-engine", "-all.jar"), null, "Main.class");
        requireFault("glance-engine-1.0-all.jar has no main class");
        jar(file("glance-engine", "-all.jar"), "Main", "Other.class");
        requireFault("glance-engine-1.0-all.jar has no main class");
        deploy();
        Path catalog = checkout.resolve("jbang-catalog.json");
        String text = Files.readString(catalog);
        Files.writeString(catalog, text.replace(":1.0:", ":1.1:"));
        requireFault("version=1.1", "version=1.0");
        Files.writeString(catalog, text.replace(":all@", ":cli@"));
        requireFault("glance-engine-1.0-cli.jar, which jbang-catalog.json names, is missing");
        Files.writeString(catalog, "{}");
        requireFault("names no GROUP:ARTIFACT:VERSION:CLASSIFIER@fatjar");
    }

    /** Ours, without a build: the dry run resolves it. */
    @Test
    void catalog_namesThisVersion_andAddsTheVectorModule() throws IOException {
        JsonNode alias = new ObjectMapper().readTree(CATALOG.toFile()).at("/aliases/glance-engine");
        String pom = Files.readString(Path.of("pom.xml"));
        String version = pom.replaceFirst("(?s).*?<version>(.*?)</version>.*", "$1");
        assertThat(alias.path("script-ref").asText())
                .isEqualTo("io.glance:glance-engine:" + version + ":all@fatjar");
        assertThat(alias.path("java-options").path(0).asText())
                .isEqualTo("--add-modules=jdk.incubator.vector");
    }
}
