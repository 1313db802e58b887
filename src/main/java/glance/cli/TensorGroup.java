package glance.cli;

import glance.io.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors of one shape and dtype whose names differ in numbers only.
 *
 * @param name the common name; numbers that differ are given as {@code {first-last}}
 * @param shape the shape of each
 * @param dtype the dtype of each
 * @param count how many
 */
record TensorGroup(String name, String shape, String dtype, int count) {

    /** Groups tensors, in the order in which each group first occurs. */
    static List<TensorGroup> group(Collection<TensorInfo> tensors) {
        Map<String, List<TensorInfo>> groups = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors) {
            String key =
                    String.join(".", segments(tensor).stream().map(TensorGroup::blank).toList());
            groups.computeIfAbsent(
                            key + ' ' + tensor.shape() + ' ' + tensor.dtype(),
                            unused -> new ArrayList<>())
                    .add(tensor);
        }
        return groups.values().stream().map(TensorGroup::of).toList();
    }

    private static TensorGroup of(List<TensorInfo> members) {
        TensorInfo first = members.get(0);
        List<String> name = new ArrayList<>(segments(first));
        for (int i = 0; i < name.size(); i++) {
            if (isNumber(name.get(i))) {
                name.set(i, range(members, i));
            }
        }
        return new TensorGroup(
                String.join(".", name),
                first.shape().toString(),
                first.dtype().name(),
                members.size());
    }

    private static String range(List<TensorInfo> members, int segment) {
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (TensorInfo member : members) {
            long number = Long.parseLong(segments(member).get(segment));
            low = Math.min(low, number);
            high = Math.max(high, number);
        }
        return low == high ? Long.toString(low) : "{" + low + "-" + high + "}";
    }

    private static List<String> segments(TensorInfo tensor) {
        return List.of(tensor.name().split("\\.", -1));
    }

    private static String blank(String segment) {
        return isNumber(segment) ? "#" : segment;
    }

    /** Layer numbers; a longer row of digits is a name. */
    private static boolean isNumber(String segment) {
        return segment.matches("\\d{1,9}");
    }
}
