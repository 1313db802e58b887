package glance.tools;

import glance.api.adapter.WeightsSummary;
import glance.api.adapter.WeightsSummary.Group;
import glance.io.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Says in few lines what many tensors are. */
public final class Summaries {
    private Summaries() {}

    /** What a set of tensors amounts to. */
    public static WeightsSummary of(Collection<TensorInfo> tensors) {
        Map<String, Long> dtypes = new LinkedHashMap<>();
        long parameters = 0;
        long bytes = 0;
        for (TensorInfo tensor : tensors) {
            dtypes.merge(tensor.dtype().name(), tensor.shape().numel(), Long::sum);
            parameters += tensor.shape().numel();
            bytes += tensor.bytes();
        }
        return new WeightsSummary(tensors.size(), parameters, dtypes, bytes, groups(tensors));
    }

    /** Groups tensors, in the order in which each group first occurs. */
    static List<Group> groups(Collection<TensorInfo> tensors) {
        Map<String, List<TensorInfo>> groups = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors) {
            String key = String.join(".", segments(tensor).stream().map(Summaries::blank).toList());
            groups.computeIfAbsent(
                            key + ' ' + tensor.shape() + ' ' + tensor.dtype(),
                            unused -> new ArrayList<>())
                    .add(tensor);
        }
        return groups.values().stream().map(Summaries::group).toList();
    }

    private static Group group(List<TensorInfo> members) {
        TensorInfo first = members.get(0);
        List<String> name = new ArrayList<>(segments(first));
        for (int i = 0; i < name.size(); i++) {
            if (isNumber(name.get(i))) {
                name.set(i, range(members, i));
            }
        }
        return new Group(
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
