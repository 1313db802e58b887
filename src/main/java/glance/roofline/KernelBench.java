package glance.roofline;

import glance.api.DeviceException;
import glance.backend.Device;
import glance.cases.Accuracy;
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
    private final Rivals rivals;
    private final BenchSettings settings;

    public KernelBench(Device device, Rivals rivals, BenchSettings settings) {
        this.device = device;
        this.rivals = rivals;
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
            ceiling = Ceiling.measure(device, rivals, settings);
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

        /** A variant that is verified, or the cause why it will not take part. */
        private record Side(
                String variant, Contender contender, Accuracy accuracy, String problem) {
            boolean takesPart() {
                return problem == null && accuracy.passed();
            }
        }

        /** One kernel: ours, and others that can do the same. */
        private record Entry(KernelCase kernel, List<Side> sides) {
            Side ours() {
                return sides.get(0);
            }
        }

        void enter(KernelCase kernel) {
            List<Side> sides = new ArrayList<>();
            if (!rivals.areNamed(kernel.operation())) {
                sides.add(side(kernel, device, null));
            }
            for (String variant : rivals.of(kernel)) {
                sides.add(side(kernel, rivals.device(kernel.operation(), variant), variant));
            }
            entries.add(new Entry(kernel, sides));
        }

        /**
         * @param wanted the variant that has to compute it, or null for the device's own choice
         */
        private Side side(KernelCase kernel, Device on, String wanted) {
            try {
                Contender contender =
                        new Contender(on, kernel, settings.scale(), settings.verifyOnly());
                open.add(contender);
                String variant = contender.variant();
                if (wanted != null && !wanted.equals(variant)) {
                    return new Side(wanted, null, null, "does not take these arguments");
                }
                return new Side(variant, contender, contender.verify(), null);
            } catch (DeviceException | UnsupportedOperationException e) {
                return new Side(wanted, null, null, e.getMessage());
            }
        }

        List<Measurement> run() {
            Map<Contender, Race.Result> results = settings.verifyOnly() ? Map.of() : race();
            Race.Result first = result(results, entries.get(0).ours());
            return entries.stream().map(entry -> measurement(entry, results, first)).toList();
        }

        private Map<Contender, Race.Result> race() {
            List<Contender> contenders =
                    entries.stream()
                            .flatMap(entry -> entry.sides.stream())
                            .filter(Side::takesPart)
                            .map(Side::contender)
                            .toList();
            List<Race.Result> results = Race.run(contenders, settings.rounds());
            Map<Contender, Race.Result> byContender = new IdentityHashMap<>();
            for (int i = 0; i < results.size(); i++) {
                byContender.put(contenders.get(i), results.get(i));
            }
            return byContender;
        }

        private Race.Result result(Map<Contender, Race.Result> results, Side side) {
            return side.contender == null ? null : results.get(side.contender);
        }

        private Measurement measurement(
                Entry entry, Map<Contender, Race.Result> results, Race.Result first) {
            Side ours = entry.ours();
            if (ours.problem != null) {
                return Measurement.failed(entry.kernel, ours.problem);
            }
            Race.Result mine = result(results, ours);
            return new Measurement(
                    entry.kernel,
                    ours.variant,
                    ours.contender.cost(),
                    ours.accuracy,
                    mine,
                    mine == first ? null : first,
                    entry.sides.stream()
                            .skip(1)
                            .map(
                                    side ->
                                            new Measurement.Rival(
                                                    side.variant,
                                                    side.accuracy,
                                                    result(results, side),
                                                    side.problem))
                            .toList(),
                    null);
        }

        @Override
        public void close() {
            open.forEach(Contender::close);
        }
    }
}
