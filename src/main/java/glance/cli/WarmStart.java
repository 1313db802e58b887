package glance.cli;

import java.util.Arrays;
import java.util.List;

/** Whether a command will soon draw on the CPU. Known before parsing, which takes a while. */
final class WarmStart {
    private static final List<String> HELP = List.of("--help", "-h");

    private WarmStart() {}

    /** Guesses: a wrong yes costs a second on one core, a wrong no the time that is saved. */
    static boolean isUseful(String[] args) {
        return args.length > 1
                && args[0].equals("generate")
                && Arrays.stream(args).noneMatch(HELP::contains)
                && !namesAnotherDevice(args);
    }

    private static boolean namesAnotherDevice(String[] args) {
        String device = "cpu";
        for (int i = 1; i < args.length; i++) {
            if (args[i].startsWith("--device=")) {
                device = args[i].substring("--device=".length());
            } else if (args[i - 1].equals("--device")) {
                device = args[i];
            }
        }
        return !device.equals("auto") && !device.startsWith("cpu");
    }
}
