package glance.cli.lora;

import glance.LoraTools;
import glance.api.RequestException;
import glance.cli.common.Progress;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.lora.ModuleKind;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** What the commands on adapters have in common. */
final class LoraFormat {
    private LoraFormat() {}

    /**
     * Runs a tool and shows how far it is.
     *
     * @param task what it does, in a word
     * @param unit what it counts
     * @throws WrongUseException naming the option, if the tool refuses the request
     */
    static <R> R run(Session session, String task, String unit, Function<LoraTools, R> tool) {
        try (Progress progress = new Progress(session, task, unit)) {
            return tool.apply(new LoraTools(progress));
        } catch (RequestException e) {
            throw new WrongUseException("--" + e.getMessage());
        }
    }

    /** Modules of one kind together, or each by itself. */
    static <M> Map<String, List<M>> grouped(
            List<M> modules, Function<M, String> name, boolean each) {
        return modules.stream()
                .collect(
                        Collectors.groupingBy(
                                each ? name : name.andThen(ModuleKind::of),
                                LinkedHashMap::new,
                                Collectors.toList()));
    }

    /** {@code 4}, or {@code 4 to 8}. */
    static <M> String range(List<M> group, ToIntFunction<M> value) {
        IntSummaryStatistics values = group.stream().mapToInt(value).summaryStatistics();
        return values.getMin() == values.getMax()
                ? Integer.toString(values.getMin())
                : values.getMin() + " to " + values.getMax();
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}
