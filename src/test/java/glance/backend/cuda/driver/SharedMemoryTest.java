package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {
    private static final Gpu ADA = new Gpu("Ada", 89, 1, 1, 101_376, 0);
    private static final Gpu HOPPER = new Gpu("Hopper", 90, 1, 1, 232_448, 0);

    private final List<Integer> asked = new ArrayList<>();

    private void prepare(SharedMemory memory, int... dynamicBytes) {
        for (int bytes : dynamicBytes) {
            KernelFunction function = new KernelFunction("k", 1, 32);
            memory.prepare(
                    new Launch(function, Grid.of(1), 32, bytes, new Arguments()), asked::add);
        }
    }

    @Test
    void moreThan48Kilobytes_isAskedForOnce_andAgainOnlyForMore() {
        prepare(new SharedMemory(ADA, 1024), 0, 47_104, 49_152, 48_000, 49_152, 60_000, 50_000);
        assertThat(asked).containsExactly(49_152, 60_000);
    }

    @Test
    void moreThanTheGpuHas_isRefused() {
        prepare(new SharedMemory(ADA, 1024), 100_352);
        prepare(new SharedMemory(HOPPER, 1024), 230_400);
        for (Gpu gpu : List.of(ADA, HOPPER)) {
            assertThatThrownBy(() -> prepare(new SharedMemory(gpu, 1025), 230_400))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("a block of " + gpu.name() + " has at most");
        }
    }

    /** It has 48 KB of dynamic memory besides its arrays. */
    @Test
    void gradientOfAttentionWithSmallHeads_isAskedFor() throws IOException {
        for (String architecture : List.of("sm_80", "sm_89", "sm_90")) {
            int arrays =
                    KernelFiles.sharedBytes(architecture).get("attention_grad_mma_kv_h64_bf16");
            assertThat(arrays).isGreaterThanOrEqualTo(1024);
            asked.clear();
            prepare(new SharedMemory(ADA, arrays), 49_152);
            assertThat(asked).containsExactly(49_152);
        }
    }
}
