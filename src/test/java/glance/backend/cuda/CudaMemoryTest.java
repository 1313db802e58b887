package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaMemoryTest {
    private final List<String> calls = new ArrayList<>();
    private Driver driver;
    private long compute;
    private CudaMemory memory;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        Driver inner = new EmulatedDriver();
        driver =
                (Driver)
                        Proxy.newProxyInstance(
                                Driver.class.getClassLoader(),
                                new Class<?>[] {Driver.class},
                                (proxy, method, arguments) -> {
                                    switch (method.getName()) {
                                        case "upload" -> calls.add("upload on " + arguments[2]);
                                        case "record" -> calls.add("record on " + arguments[1]);
                                        case "waitEvent" -> calls.add("wait on " + arguments[0]);
                                        default -> {}
                                    }
                                    return method.invoke(inner, arguments);
                                });
        compute = driver.createStream();
        memory = new CudaMemory(driver, compute, DType.F32);
    }

    @AfterEach
    void close() {
        if (memory != null) {
            memory.close();
            driver.close();
        }
    }

    private static ByteBuffer floats(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(4 * i, i);
        }
        return bytes;
    }

    /** 12 MiB: more than a pinned buffer holds. */
    @Test
    void adopt_travelsOnAStreamOfItsOwn_andComputeWaitsForTheEnd() {
        int rows = 3 << 10;
        calls.clear();
        Tensor weight = memory.adopt(DType.F32, Shape.of(rows, 1 << 10), floats(rows << 10));
        assertThat(calls.stream().filter(call -> call.startsWith("upload"))).hasSize(2);
        assertThat(calls).doesNotContain("upload on " + compute, "record on " + compute);
        assertThat(calls.get(calls.size() - 2)).startsWith("record on ");
        assertThat(calls.get(calls.size() - 1)).isEqualTo("wait on " + compute);
        ByteBuffer back = ByteBuffer.allocate(rows << 12).order(ByteOrder.LITTLE_ENDIAN);
        memory.read(weight, back);
        assertThat(back).isEqualTo(floats(rows << 10));
        weight.storage().release();
    }

    @Test
    void adopt_doesNotTakeABlockThatQueuedWorkMayUse() {
        Tensor scratch =
                Tensor.contiguous(memory.allocate(DType.F32, 1024), DType.F32, Shape.of(32, 32));
        long address = CudaStorage.address(scratch);
        scratch.storage().release();
        Tensor weight = memory.adopt(DType.F32, Shape.of(32, 32), floats(1024));
        assertThat(CudaStorage.address(weight)).isNotEqualTo(address);
        weight.storage().release();
    }

    @Test
    void write_ofMoreThanTheBufferHas_isRefused() {
        Tensor scratch = Tensor.contiguous(memory.allocate(DType.F32, 8), DType.F32, Shape.of(8));
        assertThatThrownBy(() -> memory.write(floats(4), scratch))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("has 32 bytes, the host's buffer has 16");
        scratch.storage().release();
    }
}
