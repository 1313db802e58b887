package glance.roofline;

import glance.backend.Device;
import glance.backend.DeviceException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Verifies and times every kernel of the table on one device. */
public final class KernelBench {
    private final Device device;
    private final Libraries libraries;
    private final BenchSettings settings;
    private Ceiling ceiling;

    public KernelBench(Device device, Libraries libraries, BenchSettings settings) {
        this.device = device;
        this.libraries = libraries;
        this.settings = settings;
    }

    /** The best rates of the device; null before {@link #run} and when nothing is timed. */
    public Ceiling ceiling() {
        return ceiling;
    }

    /**
     * Runs everything. A kernel that the device refuses or that gives a wrong result has a row that
     * says so; the others are measured all the same.
     *
     * @param progress told the name of each group before it is measured
     */
    public List<Row> run(Consumer<String> progress) {
        Map<String, List<KernelCase>> groups =
                settings.cases().stream()
                        .collect(
                                Collectors.groupingBy(
                                        KernelCase::group,
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        if (!settings.verifyOnly()) {
            progress.accept("best rates of the device");
            ceiling = Ceiling.measure(device, libraries, settings);
        }
        List<Row> rows = new ArrayList<>();
        groups.forEach(
                (name, kernels) -> {
                    progress.accept(name);
                    rows.addAll(measure(kernels));
                });
        return rows;
    }

    /** One kernel at the start, with what it has to say in the end. */
    private static final class Entry {
        final KernelCase kernel;
        Contender contender;
        Accuracy accuracy;
        Contender library;
        String problem;
        String libraryProblem;

        Entry(KernelCase kernel) {
            this.kernel = kernel;
        }

        boolean isReady() {
            return problem == null && accuracy.passed();
        }
    }

    private List<Row> measure(List<KernelCase> kernels) {
        List<Contender> open = new ArrayList<>();
        try {
            List<Entry> entries = kernels.stream().map(kernel -> prepare(kernel, open)).toList();
            Map<Contender, Race.Result> results = settings.verifyOnly() ? Map.of() : race(entries);
            return entries.stream().map(entry -> row(entry, entries.get(0), results)).toList();
        } catch (DeviceException e) {
            return kernels.stream().map(kernel -> Row.failed(kernel, e.getMessage())).toList();
        } finally {
            open.forEach(Contender::close);
        }
    }

    private Entry prepare(KernelCase kernel, List<Contender> open) {
        Entry entry = new Entry(kernel);
        try {
            entry.contender = open(kernel, device, open);
            entry.accuracy = entry.contender.verify();
        } catch (DeviceException | UnsupportedOperationException e) {
            entry.problem = e.getMessage();
        }
        Device other = kernel.library() == null ? null : libraries.device(kernel.library());
        if (other != null) {
            try {
                entry.library = open(kernel, other, open);
                Accuracy accuracy = entry.library.verify();
                if (!accuracy.passed()) {
                    entry.libraryProblem = "wrong by " + accuracy.error();
                }
            } catch (DeviceException | UnsupportedOperationException e) {
                entry.libraryProblem = e.getMessage();
            }
        } else if (kernel.library() != null) {
            entry.libraryProblem = libraries.problems().get(kernel.library());
        }
        return entry;
    }

    private Contender open(KernelCase kernel, Device on, List<Contender> open) {
        Contender contender = new Contender(on, kernel, settings.scale(), settings.verifyOnly());
        open.add(contender);
        return contender;
    }

    private Map<Contender, Race.Result> race(List<Entry> entries) {
        List<Contender> contenders = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.isReady()) {
                contenders.add(entry.contender);
            }
            if (entry.library != null && entry.libraryProblem == null) {
                contenders.add(entry.library);
            }
        }
        List<Race.Result> results = Race.run(contenders, settings.rounds());
        return contenders.stream()
                .collect(
                        Collectors.toMap(
                                Function.identity(), c -> results.get(contenders.indexOf(c))));
    }

    private Row row(Entry entry, Entry first, Map<Contender, Race.Result> results) {
        if (entry.problem != null) {
            return Row.failed(entry.kernel, entry.problem);
        }
        Cost cost = entry.contender.cost();
        Race.Result result = results.get(entry.contender);
        Race.Result base = entry == first ? null : results.get(first.contender);
        Floor floor = result == null ? null : ceiling.floor(cost);
        Timing timing = result == null ? null : Timing.of(cost, floor, result, base);
        return new Row(
                entry.kernel.name(),
                entry.kernel.group(),
                cost,
                floor,
                entry.accuracy,
                timing,
                library(entry, results),
                null,
                entry.accuracy.passed() ? null : wrong(entry.accuracy));
    }

    private static String wrong(Accuracy accuracy) {
        return String.format(
                "WRONG: differs from float64 by %.1e of the largest value, %.1e is allowed",
                accuracy.error(), accuracy.tolerance());
    }

    private static Row.LibraryTiming library(Entry entry, Map<Contender, Race.Result> results) {
        if (entry.kernel.library() == null) {
            return null;
        }
        Race.Result result = entry.library == null ? null : results.get(entry.library);
        return new Row.LibraryTiming(
                entry.kernel.library().title(),
                result == null ? null : Spread.of(result.micros()),
                entry.libraryProblem);
    }
}
