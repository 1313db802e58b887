package glance.api.adapter;

import java.util.List;
import java.util.Map;

/**
 * What a set of tensors amounts to.
 *
 * @param tensors how many
 * @param parameters their elements
 * @param dtypes elements by dtype
 * @param bytes their data
 * @param groups the tensors, those of repeated layers taken together
 */
public record WeightsSummary(
        int tensors, long parameters, Map<String, Long> dtypes, long bytes, List<Group> groups) {
    public WeightsSummary {
        dtypes = AdapterInfo.copy(dtypes);
        groups = List.copyOf(groups);
    }

    /**
     * Tensors of one shape and dtype whose names differ in numbers only.
     *
     * @param name the common name; numbers that differ are given as {@code {first-last}}
     * @param shape the shape of each
     * @param dtype the dtype of each
     * @param count how many
     */
    public record Group(String name, String shape, String dtype, int count) {}
}
