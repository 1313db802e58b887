package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class JvmOptionsTest {
    @Test
    void bareJvm_getsModuleHeapAndCollector() {
        assertThat(JvmOptions.missingFrom(List.of("-Dx=y"), 17))
                .containsExactly(
                        "--add-modules=jdk.incubator.vector",
                        "-XX:MaxRAMPercentage=75",
                        "-XX:+UseSerialGC");
    }

    @Test
    void usersChoice_isKept() {
        assertThat(JvmOptions.missingFrom(List.of("-Xmx2g", "-XX:+UseZGC"), 17))
                .containsExactly("--add-modules=jdk.incubator.vector");
        assertThat(JvmOptions.missingFrom(List.of("-XX:MaxHeapSize=1g"), 17))
                .doesNotContain("-XX:MaxRAMPercentage=75");
        assertThat(JvmOptions.missingFrom(List.of("-XX:MaxRAMPercentage=10.0"), 17))
                .doesNotContain("-XX:MaxRAMPercentage=75");
    }

    @Test
    void newerJvm_getsLeaveForNativeLibraries() {
        assertThat(JvmOptions.missingFrom(List.of(), 21)).noneMatch(o -> o.contains("native"));
        assertThat(JvmOptions.missingFrom(List.of(), 22))
                .contains("--enable-native-access=ALL-UNNAMED");
    }
}
