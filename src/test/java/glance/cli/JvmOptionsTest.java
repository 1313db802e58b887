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

    @Test
    void optionsThatOpenAPort_stayWithTheFirstJvm() {
        assertThat(
                        JvmOptions.inheritable(
                                List.of(
                                        "-Xmx2g",
                                        "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
                                        "-Xdebug",
                                        "-Xrunjdwp:transport=dt_socket",
                                        "-Dcom.sun.management.jmxremote.port=9010",
                                        "-agentlib:hprof",
                                        "-Dx=y")))
                .containsExactly("-Xmx2g", "-agentlib:hprof", "-Dx=y");
    }
}
