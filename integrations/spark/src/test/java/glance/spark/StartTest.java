package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartTest {
    @Test
    void options_goToTheSecondJava_butForADebugger() {
        assertThat(Start.passedOn(List.of("-Xmx3g", "-Dspark.x=1", "-agentlib:jdwp=server=y")))
                .containsExactly("-Xmx3g", "-Dspark.x=1");
    }

    @Test
    void memory_isMostOfTheMachines_whereNobodySaid() {
        assertThat(Start.passedOn(List.of("-Da=b")))
                .containsExactly("-Da=b", "-XX:MaxRAMPercentage=75");
        assertThat(Start.passedOn(List.of("-XX:MaxRAMPercentage=50")))
                .containsExactly("-XX:MaxRAMPercentage=50");
    }
}
