package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GivenOptionsTest {
    private static final Map<String, String> BARE = Map.of("HOME", "/home/me");

    @Test
    void javaThatOnlyNamesTheJar_hasNone() {
        assertThat(areNone("java\0-jar\0engine.jar\0generate\0-Xmx2g\0", BARE)).isTrue();
        assertThat(areNone("java\0-jar\0engine.jar\0", BARE)).isTrue();
    }

    @Test
    void optionsBeforeOrAfterTheWordJar_areSeen() {
        assertThat(areNone("java\0-Xmx2g\0-jar\0engine.jar\0", BARE)).isFalse();
        assertThat(areNone("java\0-jar\0-Xmx2g\0engine.jar\0", BARE)).isFalse();
        assertThat(areNone("java\0-jar\0@options\0engine.jar\0", BARE)).isFalse();
        assertThat(areNone("java\0@options\0-jar\0engine.jar\0", BARE)).isFalse();
        assertThat(areNone("java\0-cp\0engine.jar\0glance.cli.Main\0", BARE)).isFalse();
    }

    @Test
    void environment_mayHaveSome() {
        String line = "java\0-jar\0engine.jar\0generate\0";
        assertThat(areNone(line, Map.of("JAVA_TOOL_OPTIONS", "-Dx=y"))).isFalse();
        assertThat(areNone(line, Map.of("_JAVA_OPTIONS", "-Dx=y"))).isFalse();
        assertThat(areNone(line, Map.of("JDK_JAVA_OPTIONS", "-Dx=y"))).isFalse();
    }

    @Test
    void unknownCommandLine_mayHaveSome() {
        assertThat(areNone("", BARE)).isFalse();
        assertThat(areNone("java", BARE)).isFalse();
    }

    private static boolean areNone(String line, Map<String, String> environment) {
        return GivenOptions.areNone(line, environment::get);
    }
}
