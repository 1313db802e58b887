package glance.roofline;

import glance.api.DeviceException;
import glance.backend.Device;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Verifies and times every kernel of the table on one device. */
public final class KernelBench {
    private final Device device;
    private final Libraries libraries;
    private final BenchSettings settings;

    public KernelBench(Device device, Libraries libraries, BenchSettings settings) {
        this.device = device;
        this.libraries = libraries;
        this.settings = settings;
    }

    /**
     * What came out.
     *
     * @param ceiling best rates of the device; null if nothing was timed
     */
    public record Outcome(Ceiling ceiling, List<Row> rows) {}

    /**
     * Runs everything. A kernel that the device refuses or that gives a wrong result has a row that
     * says so; the others are measured all the same.
     *
     * @param progress told the name of each group before it is measured
     */
    public Outcome run(Consumer<String> progress) {
        Ceiling ceiling = null;
        if (!settings.verifyOnly()) {
            progress.accept("best rates of the device");
            ceiling = Ceiling.measure(device, libraries, settings);
        }
        Map<String, List<KernelCase>> groups =
                settings.cases().stream()
                        .collect(
                                Collectors.groupingBy(
                                        KernelCase::group,
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        List<Measurement> measured = new ArrayList<>();
        groups.forEach(
                (name, kernels) -> {
                    progress.accept(name);
                    measured.addAll(measure(kernels));
                });
        Ceiling best = ceiling == null ? null : ceiling.over(measured);
        return new Outcome(best, measured.stream().map(found -> found.row(best)).toList());
    }

    private List<Measurement> measure(List<KernelCase> kernels) {
        try (Heat heat = new Heat()) {
            kernels.forEach(heat::enter);
            return heat.run();
        } catch (DeviceException e) {
            return kernels.stream().map(k -> Measurement.failed(k, e.getMessage())).toList();
        }
    }

    /** A group of kernels that are measured in turns. */
    private final class Heat implements AutoCloseable {
        private final List<Entry> entries = new ArrayList<>();
        private final List<Contender> open = new ArrayList<>();

        /** A contender that is verified, or the cause why it will not take part. */
        private record Side(Contender contender, Accuracy accuracy, String problem) {
            boolean takesPart() {
                return problem == null && accuracy.passed();
            }
        }

        /** One kernel: ours, and the library's if there is one that can do it. */
        private record Entry(KernelCase kernel, Side ours, Side library) {}

        void enter(KernelCase kernel) {
            Side ours = side(kernel, device);
            Side library = null;
            if (kernel.library() != null) {
                Device other = libraries.device(kernel.library());
                library =
                        other == null
                                ? new Side(null, null, libraries.problems().get(kernel.library()))
                                : side(kernel, other);
            }
            entries.add(new Entry(kernel, ours, library));
        }

        private Side side(KernelCase kernel, Device on) {
            try {
                Contender contender =
                        new Contender(on, kernel, settings.scale(), settings.verifyOnly());
                open.add(contender);
                return new Side(contender, contender.verify(), null);
            } catch (DeviceException | UnsupportedOperationException e) {
                return new Side(null, null, e.getMessage());
            }
        }

        List<Measurement> run() {
            Map<Contender, Race.Result> results = settings.verifyOnly() ? Map.of() : race();
            Race.Result first = result(results, entries.get(0).ours);
            return entries.stream().map(entry -> measurement(entry, results, first)).toList();
        }

        private Map<Contender, Race.Result> race() {
            List<Contender> contenders = new ArrayList<>();
            for (Entry entry : entries) {
                for (Side side : new Side[] {entry.ours, entry.library}) {
                    if (side != null && side.takesPart()) {
                        contenders.add(side.contender);
                    }
                }
            }
            List<Race.Result> results = Race.run(contenders, settings.rounds());
            Map<Contender, Race.Result> byContender = new IdentityHashMap<>();
            for (int i = 0; i < results.size(); i++) {
                byContender.put(contenders.get(i), results.get(i));
            }
            return byContender;
        }

        private Race.Result result(Map<Contender, Race.Result> results, Side side) {
            return side == null || side.contender == null ? null : results.get(side.contender);
        }

        private Measurement measurement(
                Entry entry, Map<Contender, Race.Result> results, Race.Result first) {
            if (entry.ours.problem != null) {
                return Measurement.failed(entry.kernel, entry.ours.problem);
            }
            Race.Result mine = result(results, entry.ours);
            return new Measurement(
                    entry.kernel,
                    entry.ours.contender.cost(),
                    entry.ours.accuracy,
                    mine,
                    mine == first ? null : first,
                    result(results, entry.library),
                    entry.library == null ? null : problem(entry.library),
                    null);
        }

        private String problem(Side library) {
            return library.problem != null || library.accuracy.passed()
                    ? library.problem
                    : "wrong by " + library.accuracy.error();
        }

        @Override
        public void close() {
            open.forEach(Contender::close);
        }
    }
}
