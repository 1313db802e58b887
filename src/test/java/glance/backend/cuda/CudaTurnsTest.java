package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.tensor.DType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaTurnsTest {
    private static final long BLOCK_BYTES = 1 << 20;
    private static final Map<String, String> UNDO =
            Map.of(
                    "createEvent", "destroyEvent",
                    "createStream", "destroyStream",
                    "allocate", "free");

    private final Map<String, Integer> open = new TreeMap<>(); // by how it is given back
    private int untilRefused = Integer.MAX_VALUE;

    private Driver noting(Driver inner) {
        return (Driver)
                Proxy.newProxyInstance(
                        Driver.class.getClassLoader(),
                        new Class<?>[] {Driver.class},
                        (proxy, method, arguments) -> {
                            String name = method.getName();
                            if (UNDO.containsKey(name)) {
                                if (untilRefused-- == 0) {
                                    throw new DeviceException(name + " refused");
                                }
                                open.merge(UNDO.get(name), 1, Integer::sum);
                            }
                            open.computeIfPresent(name, (undo, count) -> count - 1);
                            try {
                                return method.invoke(inner, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void opening_thatFails_givesBackWhatItHas(int made) {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        Driver driver = noting(new EmulatedDriver());
        CudaMemory memory = new CudaMemory(driver, 0, DType.F32);
        Map<String, Integer> before = new TreeMap<>(open);
        untilRefused = made;
        assertThatThrownBy(() -> new CudaTurns(memory, driver, 0, 3, BLOCK_BYTES))
                .isInstanceOf(DeviceException.class)
                .hasMessageEndingWith("refused");
        open.values().removeIf(count -> count == 0);
        assertThat(open).isEqualTo(before);
        memory.close();
        driver.close();
    }
}
