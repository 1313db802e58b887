package glance.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Time of all cores so far.
 *
 * @param busySeconds spent by any process of this machine, or withheld by its host (steal)
 * @param ownSeconds spent by this process
 * @param allSeconds busy or idle
 */
record CoreTime(double busySeconds, double ownSeconds, double allSeconds) {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, fixed by the kernel's interface

    static CoreTime now() throws IOException {
        String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).split("\\s+");
        double all = 0;
        for (int i = 1; i <= 8; i++) { // user nice system idle iowait irq softirq steal
            all += Double.parseDouble(fields[i]);
        }
        double idle = Double.parseDouble(fields[4]) + Double.parseDouble(fields[5]);
        OperatingSystemMXBean system =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return new CoreTime(
                (all - idle) / TICKS_PER_SECOND,
                system.getProcessCpuTime() * 1e-9,
                all / TICKS_PER_SECOND);
    }

    /** Part of the cores' time since then that went to others. */
    double othersShareSince(CoreTime then) {
        double others = busySeconds - then.busySeconds - (ownSeconds - then.ownSeconds);
        return Math.max(0, others / (allSeconds - then.allSeconds));
    }
}
