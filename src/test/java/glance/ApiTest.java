package glance;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a user of the library can name is API, and says so. */
@AnalyzeClasses(packages = "glance", importOptions = DoNotIncludeTests.class)
class ApiTest {
    private static boolean isApi(String packageName) {
        return packageName.equals("glance") || packageName.matches("glance\\.api(\\..*)?");
    }

    private static boolean isForUsers(JavaMember member) {
        return member.getModifiers().contains(JavaModifier.PUBLIC)
                && member.getOwner().getModifiers().contains(JavaModifier.PUBLIC)
                && isApi(member.getOwner().getPackageName());
    }

    private static boolean isKnownToUsers(JavaClass type) {
        JavaClass base = type.getBaseComponentType();
        return base.isPrimitive()
                || base.getPackageName().startsWith("java.")
                || isApi(base.getPackageName());
    }

    @ArchTest
    static void signatures_nameTheJdkAndTheApiOnly(JavaClasses classes) {
        List<String> others =
                classes.stream()
                        .flatMap(type -> type.getMembers().stream())
                        .filter(ApiTest::isForUsers)
                        .filter(
                                member ->
                                        !member.getAllInvolvedRawTypes().stream()
                                                .allMatch(ApiTest::isKnownToUsers))
                        .map(JavaMember::getFullName)
                        .toList();
        assertThat(others).isEmpty();
    }

    /** A caller catches what the API documents. */
    @ArchTest
    static void signatures_throwNothingChecked(JavaClasses classes) {
        assertThat(classes.stream().flatMap(type -> type.getCodeUnits().stream()))
                .filteredOn(ApiTest::isForUsers)
                .isNotEmpty()
                .allMatch(
                        unit ->
                                unit.getExceptionTypes().stream()
                                        .noneMatch(
                                                type ->
                                                        type.isAssignableTo(Exception.class)
                                                                && !type.isAssignableTo(
                                                                        RuntimeException.class)),
                        "throws nothing checked");
    }

    @Test
    void packages_sayWhetherTheyAreApi() throws IOException {
        Path sources = Path.of("src/main/java");
        try (Stream<Path> tree = Files.walk(sources)) {
            List<Path> notes = tree.filter(path -> path.endsWith("package-info.java")).toList();
            assertThat(notes).isNotEmpty();
            for (Path note : notes) {
                String name = sources.relativize(note.getParent()).toString().replace('/', '.');
                assertThat(Files.readString(note))
                        .as(note.toString())
                        .contains(isApi(name) ? "<strong>API.</strong>" : "Not API");
            }
        }
    }
}
