package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LauncherTest {
    private static final String SYNC = "glance.cuda.sync";

    private Driver driver;
    private DeviceException fault;

    /** A driver whose kernels fail late, as those of a GPU do: at the next synchronisation. */
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
                                    if (method.getName().equals("synchronize") && fault != null) {
                                        throw fault;
                                    }
                                    try {
                                        return method.invoke(inner, arguments);
                                    } catch (InvocationTargetException e) {
                                        if (!method.getName().equals("launch")) {
                                            throw e.getCause();
                                        }
                                        fault = new DeviceException("illegal address");
                                        return null;
                                    }
                                });
    }

    @AfterEach
    void close() {
        System.clearProperty(SYNC);
        if (driver != null) {
            driver.close();
        }
    }

    private void launchAndWait() {
        CudaMemory memory = new CudaMemory(driver, 0, DType.F32);
        Launcher launcher = new Launcher(driver, 0, memory, DType.F32, Libraries.none(driver));
        launcher.launch("pointwise", "add_f32", Grid.of(1), new Arguments());
        driver.synchronize(0);
    }

    @Test
    void launch_thatFails_showsAtALaterCall() {
        assertThatThrownBy(this::launchAndWait).hasMessage("illegal address");
    }

    @Test
    void launch_thatFails_isNamedWhereKernelsAreWaitedFor() {
        System.setProperty(SYNC, "true");
        assertThatThrownBy(this::launchAndWait)
                .hasMessageMatching(
                        "add_f32<<<\\(1, 1, 1\\), \\d+, 0>>> failed on the GPU: illegal"
                                + " address");
    }
}
