package glance.cli.info;

import glance.api.adapter.AdapterInfo;
import glance.api.adapter.WeightsSummary;
import glance.cli.common.ForecastText;
import glance.cli.common.Table;
import glance.cli.common.Units;
import glance.hub.Look;
import glance.pipeline.MemoryForecast;
import glance.tensor.DType;
import glance.text.PrintableText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Prints an inspection for a person. */
public final class InfoText {
    private static final int MAX_GROUPS = 20;
    private static final int MAX_VALUE_CHARS = 100;

    private final PrintStream out;
    private final boolean all;

    /**
     * @param all whether long lists are printed whole
     */
    public InfoText(PrintStream out, boolean all) {
        this.out = out;
        this.all = all;
    }

    void print(Inspection inspection) {
        if (inspection instanceof Inspection.Model model) {
            print(model);
        } else if (inspection instanceof Inspection.OnHub hub) {
            line(hub.kind(), hub.path());
            print(hub.look());
        } else if (inspection instanceof Inspection.Component component) {
            line("component", component.className());
            line("path", component.path());
            if (component.holds() != null) {
                line("holds", component.holds());
            }
            problem(component.problem());
            if (component.weights() != null) {
                print(component.weights(), Map.of());
            }
        } else if (inspection instanceof Inspection.Adapter adapter) {
            print(adapter);
        } else if (inspection instanceof Inspection.Picture picture) {
            print(picture);
        } else if (inspection instanceof Inspection.Tensors tensors) {
            line(tensors.kind(), tensors.path());
            if (tensors.holds() != null) {
                line("holds", tensors.holds());
            }
            problem(tensors.problem());
            print(tensors.weights(), tensors.metadata());
        } else if (inspection instanceof Inspection.Text text) {
            line(text.kind(), text.path());
            line("holds", shortened(text.what()));
        } else if (inspection instanceof Inspection.Folder folder) {
            line(folder.kind(), folder.path());
            problem(folder.problem());
            folder.files().forEach((name, what) -> line(name, what));
        }
    }

    /** A file in a few words. */
    static String inWords(Inspection inspection) {
        if (inspection instanceof Inspection.Adapter adapter) {
            return "an adapter for " + adapter.info().modules() + " modules";
        }
        if (inspection instanceof Inspection.Tensors tensors) {
            return (tensors.kind().equals("checkpoint")
                            ? "a checkpoint, from which train --resume goes on"
                            : tensors.holds() != null
                                    ? tensors.holds()
                                    : tensors.weights().tensors() + " tensors")
                    + (tensors.problem() == null ? "" : ", not usable");
        }
        return inspection.kind();
    }

    private void problem(String problem) {
        if (problem != null) {
            line("not usable", problem);
        }
    }

    private void print(Look hub) {
        line("commit", hub.commit());
        line("licence", hub.licence() == null ? "not named" : hub.licence());
        line("access", hub.gated() ? "gated: its terms must be accepted on its page" : "open");
        line(
                "size",
                Units.bytes(hub.bytes())
                        + " in "
                        + Units.plural(hub.files().size(), "file")
                        + ", of which "
                        + Units.bytes(hub.cachedBytes())
                        + " are in the cache");
        line("folder", hub.folder().toString());
        out.println();
        Table table = new Table("file", "size", "");
        for (Look.File file : hub.files()) {
            table.row(
                    file.path(),
                    Units.bytes(file.bytes()),
                    file.cached() ? "in the cache" : "to fetch");
        }
        table.print(out);
    }

    private void printHeld(List<Inspection.Component> components) {
        List<Inspection.Component> known =
                components.stream().filter(component -> component.holds() != null).toList();
        if (known.isEmpty()) {
            return;
        }
        Table table = new Table("part", "recognised by names and shapes");
        known.forEach(component -> table.row(component.name(), component.holds()));
        out.println();
        table.print(out);
    }

    private void print(Inspection.Model model) {
        line("model", model.pipeline());
        if (model.variant() != null) {
            line("variant", model.variant());
        }
        line("path", model.path());
        if (model.defaults() != null) {
            line("defaults", text(model.defaults()));
        }
        out.println();
        Table table = new Table("part", "class", "tensors", "parameters", "dtype", "size");
        long parameters = 0;
        long bytes = 0;
        for (Inspection.Component component : model.components()) {
            WeightsSummary weights = component.weights();
            if (weights == null) {
                table.row(component.name(), component.className(), "", "", "", "");
                continue;
            }
            parameters += weights.parameters();
            bytes += weights.bytes();
            table.row(
                    component.name(),
                    component.className(),
                    Integer.toString(weights.tensors()),
                    Units.count(weights.parameters()),
                    dtypes(weights),
                    Units.bytes(weights.bytes()));
        }
        table.row("total", "", "", Units.count(parameters), "", Units.bytes(bytes));
        table.print(out);
        printHeld(model.components());
        problems(model).forEach(this::problem);
        if (model.runMemory() != null) {
            out.println();
            print(model.runMemory(), model.device());
        }
        if (all) {
            for (Inspection.Component component : model.components()) {
                if (component.weights() != null) {
                    out.println();
                    line("part", component.name());
                    printGroups(component.weights().groups());
                }
            }
        }
    }

    /** Each once: what is wrong with a part is mostly why the model does not run. */
    private static Set<String> problems(Inspection.Model model) {
        Set<String> problems = new LinkedHashSet<>();
        model.components().forEach(component -> problems.add(component.problem()));
        problems.add(model.problem());
        problems.remove(null);
        return problems;
    }

    private static String text(Inspection.Defaults defaults) {
        return "plan "
                + defaults.plan()
                + ", "
                + defaults.size()
                + ", "
                + (defaults.guidance() == defaults.guidanceOff()
                        ? "no guidance"
                        : "guidance " + defaults.guidance())
                + " ("
                + Math.round(defaults.guidanceOff())
                + " is off)"
                + (defaults.embeddedGuidance() == 0
                        ? ""
                        : ", embedded guidance " + defaults.embeddedGuidance());
    }

    private void print(MemoryForecast forecast, String device) {
        MemoryForecast.Part largest = forecast.largest();
        line(
                "run memory",
                Units.bytes(largest.bytes())
                        + " for "
                        + forecast.width()
                        + "x"
                        + forecast.height()
                        + (forecast.samples() > 1 ? " with guidance" : "")
                        + " on "
                        + device
                        + ": the largest part, as parts are loaded in turn");
        ForecastText.print(forecast, out);
    }

    private void print(Inspection.Picture picture) {
        line("picture", picture.path());
        line("pixels", picture.width() + "x" + picture.height());
        picture.text().forEach((key, value) -> line(key, shortened(value)));
    }

    public void print(Inspection.Adapter adapter) {
        printAdapter(adapter);
        out.println();
        printGroups(adapter.info().weights().groups());
    }

    /** An adapter without its list of tensors. */
    public void printAdapter(Inspection.Adapter adapter) {
        AdapterInfo info = adapter.info();
        line("adapter", adapter.path());
        if (info.problem() != null) {
            line("not usable", info.problem());
        }
        if (!info.layout().isEmpty()) {
            line("layout", info.layout());
        }
        line("modules", Integer.toString(info.modules()));
        if (info.modules() > 0) {
            line("kind", distribution(info.kinds()));
            if (!info.ranks().isEmpty()) {
                line("rank", distribution(info.ranks()));
                line("alpha", distribution(info.alphas()));
            }
            List<String> targets = new ArrayList<>();
            info.targets().forEach((name, count) -> targets.add(name + " x" + count));
            line("targets", listed(targets));
        }
        info.remarks().forEach(remark -> line("note", remark));
        if (!info.unknownKeys().isEmpty()) {
            line("other keys", listed(info.unknownKeys()));
        }
        printSummary(info.weights(), info.metadata());
    }

    private void print(WeightsSummary weights, Map<String, String> metadata) {
        printSummary(weights, metadata);
        if (weights.dtypes().keySet().stream().anyMatch(InfoText::isSmall)) {
            out.println();
            printTypes(weights);
        }
        out.println();
        printGroups(weights.groups());
    }

    private void printSummary(WeightsSummary weights, Map<String, String> metadata) {
        line("tensors", Integer.toString(weights.tensors()));
        line("parameters", Units.count(weights.parameters()));
        line("dtype", dtypes(weights));
        line("size", Units.bytes(weights.bytes()));
        metadata.forEach((key, value) -> line("metadata", key + " = " + shortened(value)));
    }

    /** Whether weights of a type are there to be small; flags and texts are not weights. */
    private static boolean isSmall(String name) {
        DType dtype = DType.valueOf(name);
        return dtype.bits() < Short.SIZE && dtype != DType.BOOL && dtype != DType.U8;
    }

    private void printTypes(WeightsSummary weights) {
        Table table = new Table("type", "parameters", "bits a weight", "size");
        weights.dtypes()
                .forEach(
                        (name, count) -> {
                            DType dtype = DType.valueOf(name);
                            table.row(
                                    name,
                                    Units.count(count),
                                    number(dtype.bits()),
                                    Units.bytes(dtype.bytes(count)));
                        });
        table.row(
                "all",
                Units.count(weights.parameters()),
                String.format(Locale.ROOT, "%.2f", 8.0 * weights.bytes() / weights.parameters()),
                Units.bytes(weights.bytes()));
        table.print(out);
    }

    /** For one cell of a table; with several, the share of each. */
    private static String dtypes(WeightsSummary weights) {
        Map<String, Long> dtypes = weights.dtypes();
        if (dtypes.size() <= 1) {
            return String.join("", dtypes.keySet());
        }
        return dtypes.entrySet().stream()
                .map(entry -> entry.getKey() + " " + Units.count(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    private void printGroups(List<WeightsSummary.Group> groups) {
        Table table = new Table("tensor", "shape", "dtype", "count");
        int shown = all ? groups.size() : Math.min(groups.size(), MAX_GROUPS);
        for (WeightsSummary.Group group : groups.subList(0, shown)) {
            table.row(group.name(), group.shape(), group.dtype(), Integer.toString(group.count()));
        }
        table.print(out);
        if (shown < groups.size()) {
            out.println("... and " + (groups.size() - shown) + " more lines with --all");
        }
    }

    /** One value as it is; several with how many modules have each. */
    private static String distribution(Map<?, Integer> counts) {
        if (counts.size() == 1) {
            return number(counts.keySet().iterator().next());
        }
        return counts.entrySet().stream()
                .map(entry -> number(entry.getKey()) + " (" + entry.getValue() + " modules)")
                .collect(Collectors.joining(", "));
    }

    private static String number(Object value) {
        return value instanceof Number number && number.doubleValue() == number.longValue()
                ? Long.toString(number.longValue())
                : value.toString();
    }

    private String listed(List<String> values) {
        int shown = all ? values.size() : Math.min(values.size(), MAX_GROUPS);
        String text = String.join(", ", values.subList(0, shown));
        return shown < values.size() ? text + ", and " + (values.size() - shown) + " more" : text;
    }

    private String shortened(String value) {
        return all || value.length() <= MAX_VALUE_CHARS
                ? value
                : value.substring(0, MAX_VALUE_CHARS) + "...";
    }

    /** Text from a file must not steer the terminal. */
    private void line(String label, String value) {
        out.printf("%-11s %s%n", PrintableText.line(label), PrintableText.line(value));
    }
}
