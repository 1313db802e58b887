package glance.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final int LOOPS = 11;

    @Test
    void everyLoop_runsUntilItIsFast() {
        assumeTrue(VectorSupport.isUsable(), "this JVM has no Vector API");
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60), () -> new WarmUp(Simd.INSTANCE, () -> false).run());
    }

    @Test
    void loops_fitPlainJavaToo() {
        new WarmUp(new PlainSimd(), stopAfter(new AtomicInteger(100))).run();
    }

    @Test
    void deadline_endsAllLoops() {
        // each loop asks once
        AtomicInteger left = new AtomicInteger(0);
        new WarmUp(Simd.INSTANCE, stopAfter(left)).run();
        assertThat(left.get()).isEqualTo(-LOOPS);
    }

    private static BooleanSupplier stopAfter(AtomicInteger calls) {
        return () -> calls.getAndDecrement() <= 0;
    }
}
