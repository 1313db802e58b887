package glance.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.RequestException;
import org.junit.jupiter.api.Test;

class ManifestTest {
    @Test
    void delta_whereTheClassPathLacksIt_isRefusedInOneLine() {
        Manifest.requireFormat("parquet");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        try {
            assertThatThrownBy(() -> Manifest.requireFormat("delta"))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("--packages io.delta:delta-spark_4.1_2.13:4.1.0")
                    .hasMessageNotContaining("\n");
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
