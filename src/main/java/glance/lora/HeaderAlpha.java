package glance.lora;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Alpha from plain strings of a safetensors header, as several trainers leave it there:
 *
 * <pre>
 * lora_alpha, network_alpha, alpha      with r, rank, lora_rank, network_dim, dim
 * transformer.lora_alpha                with transformer.r, ...
 * ss_network_alpha                      with ss_network_dim
 * </pre>
 *
 * One alpha for all modules, so it counts only where they have one rank, and that which the header
 * names, if it does. Strings of the kohya tools (ss_) outlive conversions that fold alpha into the
 * matrices (lora_A, lora_B), so there they do not count.
 *
 * @param alpha the alpha of all modules; null if none is sure
 * @param doubt why what the header says does not count; null if it does, or says nothing
 */
record HeaderAlpha(Double alpha, String doubt) {
    private static final List<String> NAMESPACES = List.of("", "transformer.", "unet.");
    private static final List<String> ALPHAS = List.of("lora_alpha", "network_alpha", "alpha");
    private static final List<String> RANKS =
            List.of("r", "rank", "lora_rank", "network_dim", "lora_dim", "dim");
    private static final String RANK_STABILISED = "use_rslora";
    private static final String KOHYA_ALPHA = "ss_network_alpha";
    private static final String KOHYA_RANK = "ss_network_dim";
    private static final HeaderAlpha SILENT = new HeaderAlpha(null, null);

    /**
     * Reads the strings.
     *
     * @param ranks the ranks of all modules without an alpha of their own
     * @param folded whether the names are those of files in which alpha is mostly folded
     */
    static HeaderAlpha of(Map<String, String> header, Collection<Integer> ranks, boolean folded) {
        Set<Double> alphas = new TreeSet<>();
        Set<Double> said = new TreeSet<>();
        boolean kohya = false;
        boolean rankStabilised = false;
        for (String namespace : NAMESPACES) {
            ALPHAS.forEach(key -> add(header, namespace + key, alphas));
            RANKS.forEach(key -> add(header, namespace + key, said));
            rankStabilised |= "true".equals(lower(header.get(namespace + RANK_STABILISED)));
        }
        if (alphas.isEmpty()) {
            kohya = true;
            add(header, KOHYA_ALPHA, alphas);
            add(header, KOHYA_RANK, said);
            alphas.remove(0.0); // the kohya tools' way to say that alpha is the rank
        }
        Set<Integer> actual = new TreeSet<>(ranks);
        if (alphas.isEmpty() || actual.isEmpty()) {
            return SILENT;
        }
        String doubt = doubt(alphas, said, actual);
        double alpha = alphas.iterator().next();
        int rank = actual.iterator().next();
        double effective = rankStabilised ? alpha * Math.sqrt(rank) : alpha;
        if (doubt == null && kohya && folded && effective != rank) {
            doubt = "mostly it is folded into matrices of these names";
        }
        return doubt == null
                ? new HeaderAlpha(effective, null)
                : new HeaderAlpha(null, "alpha " + text(alphas) + ", but " + doubt);
    }

    /** Removes the strings, which do not hold for other matrices. */
    static void removeFrom(Map<String, String> header) {
        for (String namespace : NAMESPACES) {
            ALPHAS.forEach(key -> header.remove(namespace + key));
            RANKS.forEach(key -> header.remove(namespace + key));
            header.remove(namespace + RANK_STABILISED);
        }
        header.remove(KOHYA_ALPHA);
        header.remove(KOHYA_RANK);
    }

    private static String doubt(Set<Double> alphas, Set<Double> said, Set<Integer> actual) {
        if (alphas.size() > 1) {
            return "which of them";
        }
        if (!(alphas.iterator().next() > 0)) {
            return "alpha must be above 0";
        }
        if (said.size() > 1) {
            return "ranks " + text(said);
        }
        if (actual.size() > 1) {
            return "its modules have ranks " + actual.iterator().next() + " and others";
        }
        int rank = actual.iterator().next();
        return said.isEmpty() || said.contains((double) rank)
                ? null
                : "rank " + text(said) + " where the matrices have " + rank;
    }

    private static void add(Map<String, String> header, String key, Set<Double> values) {
        String text = header.get(key);
        if (text == null) {
            return;
        }
        try {
            double value = Double.parseDouble(text.strip());
            if (Double.isFinite(value)) {
                values.add(value);
            }
        } catch (NumberFormatException e) {
            // None, Dynamic: no number, so nothing is said
        }
    }

    private static String lower(String text) {
        return text == null ? "" : text.strip().toLowerCase(Locale.ROOT);
    }

    private static String text(Collection<Double> values) {
        return String.join(
                " and ",
                values.stream()
                        .map(v -> v == Math.rint(v) ? String.valueOf(v.longValue()) : v.toString())
                        .toList());
    }
}
