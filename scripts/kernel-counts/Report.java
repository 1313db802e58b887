import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The file with the counts: what is read of the last one, and what is written. */
final class Report {
    private Report() {}

    /** The best number of slots so far, by kernel and architecture. */
    static Map<String, Integer> best(List<String> report) {
        Map<String, Integer> result = new HashMap<>();
        int best = -1;
        for (String line : report) {
            List<String> cells = List.of(line.split("\\s*\\|\\s*"));
            if (cells.contains("best")) {
                best = cells.indexOf("best");
            } else if (best > 0 && cells.size() > best && cells.get(2).startsWith("sm_")) {
                result.put(cells.get(1) + " " + cells.get(2), Integer.parseInt(cells.get(best)));
            }
        }
        return result;
    }

    /** Why a kernel may be slower than its best, by kernel. */
    static Map<String, String> reasons(List<String> report) {
        Map<String, String> result = new TreeMap<>();
        for (String line : report) {
            Matcher matcher = Pattern.compile("- `(\\w+)`: (.*)").matcher(line);
            if (matcher.matches()) {
                result.put(matcher.group(1), matcher.group(2));
            }
        }
        return result;
    }

    /** The whole file, line by line. */
    static List<String> text(
            Map<String, Count> counts,
            Map<String, Integer> best,
            Map<String, String> reasons,
            String hash) {
        List<String> lines = new ArrayList<>();
        lines.add("# What the kernels' main loops issue");
        lines.add("");
        lines.add(
                "Counted from the machine code in kernels/fatbin by `scripts/count-kernels`, which"
                        + " also checks this file (`--check`). Nothing here was measured on a GPU.");
        lines.add("");
        lines.add("Code: `" + hash + "`");
        lines.add("");
        lines.add(
                "A line is one way around the loop with the most tensor core products, for one"
                        + " warp; UTMALDG alone is of the whole kernel, since another warp copies."
                        + " Bounds are clocks that four warps take at least on a"
                        + " multiprocessor: the tensor cores (mma.sync reaches 62 % of the peak on"
                        + " Hopper; QMMA and QGMMA of e4m3 have twice the depth of HMMA and HGMMA and"
                        + " take as long), shared memory (128 bytes a clock), special functions"
                        + " (MUFU, 4 lanes a clock and scheduler), and issue (one instruction a clock"
                        + " and scheduler). The ceiling is what the slowest of them leaves of the"
                        + " tensor cores' peak in that type with f32 sums. Best is the lowest number of"
                        + " slots so far: more than 3 % above it needs a reason below.");
        lines.add("");
        lines.add(
                "| kernel | code | registers | static shared bytes | spills | HMMA, QMMA |"
                        + " HGMMA, QGMMA | LDSM | LDGSTS | UTMALDG | MUFU | moves | slots | best |"
                        + " tensor clocks | shared clocks | special clocks | issue clocks | bound | ceiling % |");
        lines.add(
                "|---|---|"
                        + "---:|".repeat(16)
                        + "---|---:|");
        for (Count count : counts.values()) {
            int known = best.getOrDefault(count.key(), count.slots());
            lines.add(count.line(Math.min(known, count.slots())));
        }
        lines.add("");
        lines.add("## Why a kernel issues more than it did");
        lines.add("");
        if (reasons.isEmpty()) {
            lines.add("None does.");
        }
        reasons.forEach((kernel, reason) -> lines.add("- `" + kernel + "`: " + reason));
        return lines;
    }
}
