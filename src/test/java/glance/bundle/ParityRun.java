package glance.bundle;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cases.Case;
import glance.ops.parity.OpCases;
import glance.ops.parity.Parity;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The parity suite from the command line: {@code ParityRun DEVICE [--only PATTERN] [--json FILE]}.
 * Runs every case in F32 and, on GPUs, in BF16; exits 1 if one fails. A case that a device refuses
 * is counted with the reason, as the test skips it.
 */
public final class ParityRun {
    private final PrintStream out;
    private final List<Case> cases;

    ParityRun(PrintStream out, Pattern only) {
        this.out = out;
        this.cases = OpCases.all().filter(c -> only.matcher(c.name()).find()).toList();
    }

    /**
     * One device in one compute type.
     *
     * @param refused number of cases for each reason
     */
    record Result(
            String device,
            Precision precision,
            int passed,
            Map<String, Integer> refused,
            List<String> failures) {}

    public static void main(String[] args) throws IOException {
        String device = args.length > 0 && !args[0].startsWith("--") ? args[0] : null;
        String only = "";
        Path json = null;
        boolean understood = device != null && args.length % 2 == 1;
        for (int i = 1; understood && i < args.length; i += 2) {
            switch (args[i]) {
                case "--only" -> only = args[i + 1];
                case "--json" -> json = Path.of(args[i + 1]);
                default -> understood = false;
            }
        }
        if (!understood) {
            System.err.println("usage: ParityRun DEVICE [--only PATTERN] [--json FILE]");
            System.exit(2);
        }
        try {
            List<Result> results = new ParityRun(System.out, Pattern.compile(only)).run(device);
            if (json != null) {
                new ObjectMapper()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .writeValue(json.toFile(), results);
            }
            System.exit(results.stream().allMatch(r -> r.failures.isEmpty()) ? 0 : 1);
        } catch (DeviceException e) {
            System.err.println("ParityRun: error: " + e.getMessage());
            System.exit(1);
        }
    }

    List<Result> run(String device) {
        List<Precision> types =
                device.equals("cpu") ? List.of(Precision.F32) : List.of(Precision.values());
        return types.stream().map(type -> run(device, type)).toList();
    }

    private Result run(String id, Precision type) {
        int passed = 0;
        Map<String, Integer> refused = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        Precision wanted = id.equals("cpu") ? null : type;
        try (Device device = Devices.open(id, new DeviceOptions(0, wanted))) {
            for (Case opCase : cases) {
                try {
                    Parity.check(device, opCase);
                    passed++;
                } catch (UnsupportedOperationException e) {
                    refused.merge(e.getMessage(), 1, Integer::sum);
                } catch (AssertionError | DeviceException e) {
                    failures.add(e.getMessage());
                    out.println("FAILED " + opCase.name() + ": " + e.getMessage());
                }
            }
        }
        refused.forEach((reason, count) -> out.println("skipped " + count + ": " + reason));
        int skipped = refused.values().stream().mapToInt(Integer::intValue).sum();
        out.printf(
                "%s in %s: %d passed, %d failed, %d skipped%n",
                id, type, passed, failures.size(), skipped);
        return new Result(id, type, passed, refused, failures);
    }
}
