package glance;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import glance.model.Family;
import glance.pipeline.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows between packages point one way. */
@AnalyzeClasses(packages = "glance", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule layers_dependDownwardsOnly =
            layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("cli")
                    .definedBy("glance.cli..")
                    .layer("serve")
                    .definedBy("glance.serve..")
                    .layer("front door")
                    .definedBy("glance")
                    .layer("check")
                    .definedBy("glance.check..")
                    .layer("tools")
                    .definedBy("glance.tools..")
                    .layer("compare")
                    .definedBy("glance.compare..")
                    .layer("scene")
                    .definedBy("glance.scene..")
                    .layer("picture")
                    .definedBy("glance.picture..")
                    .layer("roofline")
                    .definedBy("glance.roofline..")
                    .layer("cases")
                    .definedBy("glance.cases..")
                    .layer("formula")
                    .definedBy("glance.formula..")
                    .layer("pipeline")
                    .definedBy("glance.pipeline..")
                    .layer("train")
                    .definedBy("glance.train..")
                    .layer("model")
                    .definedBy("glance.model..")
                    .layer("schedule")
                    .definedBy("glance.schedule..")
                    .layer("hub")
                    .definedBy("glance.hub..")
                    .layer("lora")
                    .definedBy("glance.lora..")
                    .layer("nn")
                    .definedBy("glance.nn..")
                    .layer("autograd")
                    .definedBy("glance.autograd..")
                    .layer("ops")
                    .definedBy("glance.ops..")
                    .layer("backend")
                    .definedBy("glance.backend..")
                    .layer("op")
                    .definedBy("glance.op..")
                    .layer("io")
                    .definedBy("glance.io..")
                    .layer("tokenizer")
                    .definedBy("glance.tokenizer..")
                    .layer("tensor")
                    .definedBy("glance.tensor..")
                    .layer("api")
                    .definedBy("glance.api..", "glance.text..")
                    .whereLayer("cli")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("serve")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("serve")
                    .mayOnlyAccessLayers("front door", "picture", "schedule", "io", "api")
                    .whereLayer("front door")
                    .mayOnlyBeAccessedByLayers("cli", "serve")
                    .whereLayer("check")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("tools")
                    .mayOnlyBeAccessedByLayers("cli", "front door")
                    .whereLayer("tools")
                    .mayOnlyAccessLayers("pipeline", "model", "lora", "io", "tensor", "api")
                    .whereLayer("compare")
                    .mayOnlyBeAccessedByLayers("cli", "front door")
                    .whereLayer("scene")
                    .mayOnlyBeAccessedByLayers("cli", "compare")
                    .whereLayer("scene")
                    .mayOnlyAccessLayers("io", "api")
                    .whereLayer("picture")
                    .mayOnlyBeAccessedByLayers("cli", "serve", "front door", "compare")
                    .whereLayer("roofline")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("roofline")
                    .mayOnlyAccessLayers("cases", "ops", "backend", "op", "io", "tensor", "api")
                    .whereLayer("cases")
                    .mayOnlyBeAccessedByLayers("roofline")
                    .whereLayer("cases")
                    .mayOnlyAccessLayers("formula", "ops", "backend", "op", "io", "tensor", "api")
                    .whereLayer("formula")
                    .mayOnlyBeAccessedByLayers("cases")
                    .whereLayer("formula")
                    .mayOnlyAccessLayers("op", "io", "tensor", "api")
                    .whereLayer("pipeline")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "front door", "check", "tools", "compare", "picture", "train")
                    .whereLayer("train")
                    .mayOnlyBeAccessedByLayers("cli", "front door", "check")
                    .whereLayer("model")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "front door", "check", "tools", "picture", "pipeline", "train")
                    .whereLayer("schedule")
                    .mayOnlyBeAccessedByLayers(
                            "cli",
                            "serve",
                            "front door",
                            "check",
                            "compare",
                            "picture",
                            "pipeline",
                            "train",
                            "model")
                    .whereLayer("hub")
                    .mayOnlyBeAccessedByLayers("cli", "front door", "picture")
                    .whereLayer("hub")
                    .mayOnlyAccessLayers("lora", "io", "api")
                    .whereLayer("lora")
                    .mayOnlyBeAccessedByLayers(
                            "cli",
                            "front door",
                            "check",
                            "tools",
                            "compare",
                            "hub",
                            "picture",
                            "pipeline",
                            "train",
                            "model")
                    .whereLayer("nn")
                    .mayOnlyBeAccessedByLayers("check", "pipeline", "train", "model", "lora")
                    .whereLayer("autograd")
                    .mayOnlyBeAccessedByLayers("check", "train", "model", "nn")
                    .whereLayer("ops")
                    .mayOnlyBeAccessedByLayers(
                            "cli",
                            "front door",
                            "check",
                            "pipeline",
                            "train",
                            "model",
                            "lora",
                            "nn",
                            "autograd",
                            "roofline",
                            "cases")
                    .whereLayer("io")
                    .mayOnlyAccessLayers("tensor", "api")
                    .whereLayer("tokenizer")
                    .mayOnlyBeAccessedByLayers("check", "model")
                    .whereLayer("tokenizer")
                    .mayOnlyAccessLayers("io", "api")
                    .whereLayer("backend")
                    .mayOnlyBeAccessedByLayers(
                            "cli",
                            "front door",
                            "check",
                            "compare",
                            "roofline",
                            "cases",
                            "pipeline",
                            "train",
                            "lora",
                            "ops")
                    .whereLayer("backend")
                    .mayOnlyAccessLayers("op", "tensor", "io", "api")
                    .whereLayer("op")
                    .mayOnlyAccessLayers("tensor", "api")
                    .whereLayer("tensor")
                    .mayNotAccessAnyLayer()
                    .whereLayer("api")
                    .mayNotAccessAnyLayer();

    @ArchTest
    static final ArchRule packages_haveNoCycles =
            slices().matching("glance.(**)").should().beFreeOfCycles();

    /** Devices read no files of models; a driver unpacks its native libraries. */
    @ArchTest
    static final ArchRule devices_useFilesOnlyToLoadDrivers =
            noClasses()
                    .that()
                    .resideInAPackage("glance.backend..")
                    .and()
                    .resideOutsideOfPackage("glance.backend.cuda.driver..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("glance.io..");

    @ArchTest
    static final ArchRule cpuDevice_isReachedThroughTheSeamOnly =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.backend.cpu..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("glance.backend.cpu..");

    @ArchTest
    static final ArchRule cudaDevice_isReachedThroughTheSeamOnly =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.backend.cuda..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("glance.backend.cuda..", "jcuda..");

    @ArchTest
    static final ArchRule vectorApi_staysInTheCpuDevice =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.backend.cpu..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("jdk.incubator..");

    /** A URLConnection also reads what is in our own jar. */
    @ArchTest
    static final ArchRule connections_areOpenedForTheHubAlone =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.hub..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage("java.net.http..", "javax.net..")
                                    .or(
                                            nameMatching(
                                                    "java\\.net\\.(.*Socket|Http.*|Inet.*)"
                                                            + "|java\\.nio\\.channels\\..*Socket.*")));

    @ArchTest
    static final ArchRule commandLineLibraries_stayInTheCommandLine =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.cli..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("picocli..", "me.tongfei..");

    @ArchTest
    static final ArchRule standardStreams_belongToTheCommandLine =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("glance.cli..")
                    .should(ACCESS_STANDARD_STREAMS)
                    .orShould()
                    .callMethod(System.class, "exit", int.class);

    /** So that adding one, or taking one away, touches no other. */
    @ArchTest
    static void families_areKnownToTheirListAndTheirChecksAlone(JavaClasses classes) {
        for (Family family : Families.all()) {
            String own = family.getClass().getPackageName();
            assertThat(own).startsWith("glance.model.");
            noClasses()
                    .that()
                    .resideOutsideOfPackages(own, "glance.check")
                    .and()
                    .doNotBelongToAnyOf(Families.class)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(own)
                    .check(classes);
        }
    }

    /** Lambda bodies and annotations of the JVM launcher must not pull in a library. */
    @ArchTest
    static final ArchRule launcher_loadsOnlyTheJdk =
            classes()
                    .that()
                    .haveFullyQualifiedName("glance.cli.Relaunch")
                    .or()
                    .haveFullyQualifiedName("glance.cli.JvmOptions")
                    .or()
                    .haveFullyQualifiedName("glance.cli.IncubatorNotice")
                    .or()
                    .haveFullyQualifiedName("glance.cli.common.Terminal")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage("java..", "glance.cli..");

    @Test
    void packages_sayTheirPlaceInTheHouse() throws IOException {
        Path sources = Path.of("src/main/java");
        assertThat(packages(sources))
                .allMatch(name -> Files.exists(sources.resolve(name).resolve("package-info.java")));
    }

    /** Modules do not share packages; and what a measurement may use, a user may use. */
    @Test
    void benchmarks_declareNoPackageOfTheEngine() throws IOException {
        assertThat(packages(Path.of("benchmarks/src/main/java")))
                .isNotEmpty()
                .doesNotContainAnyElementsOf(packages(Path.of("src/main/java")));
    }

    private static Set<Path> packages(Path sources) throws IOException {
        try (Stream<Path> tree = Files.walk(sources)) {
            return tree.filter(path -> path.toString().endsWith(".java"))
                    .map(path -> sources.relativize(path.getParent()))
                    .collect(Collectors.toSet());
        }
    }
}
