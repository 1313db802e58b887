package glance.api.adapter;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an adapter file holds, by its header.
 *
 * @param layout how its keys are named
 * @param modules how many layers it adapts
 * @param kinds number of modules by kind, such as LoRA or LoHa
 * @param ranks number of modules by rank; of those of full rank none
 * @param alphas number of modules by alpha
 * @param targets number of modules by name within a block
 * @param weights its tensors
 * @param unknownKeys keys that belong to no adapted module
 * @param problem why the engine cannot use it, or null if it can
 * @param remarks what is not sure about alpha; mostly nothing
 * @param metadata the strings of the header
 */
public record AdapterInfo(
        String layout,
        int modules,
        Map<String, Integer> kinds,
        Map<Integer, Integer> ranks,
        Map<Float, Integer> alphas,
        Map<String, Integer> targets,
        WeightsSummary weights,
        List<String> unknownKeys,
        String problem,
        List<String> remarks,
        Map<String, String> metadata) {
    public AdapterInfo {
        kinds = copy(kinds);
        ranks = copy(ranks);
        alphas = copy(alphas);
        targets = copy(targets);
        unknownKeys = List.copyOf(unknownKeys);
        remarks = List.copyOf(remarks);
        metadata = copy(metadata);
    }

    /** In the same order. */
    static <K, V> Map<K, V> copy(Map<K, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
