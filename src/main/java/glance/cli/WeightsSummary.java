package glance.cli;

import glance.io.TensorInfo;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a set of tensors amounts to.
 *
 * @param tensors how many
 * @param parameters their elements
 * @param dtypes elements by dtype
 * @param bytes their data
 * @param groups the tensors, those of repeated layers taken together
 */
record WeightsSummary(
        int tensors,
        long parameters,
        Map<String, Long> dtypes,
        long bytes,
        List<TensorGroup> groups) {

    static WeightsSummary of(Collection<TensorInfo> tensors) {
        Map<String, Long> dtypes = new LinkedHashMap<>();
        long parameters = 0;
        long bytes = 0;
        for (TensorInfo tensor : tensors) {
            dtypes.merge(tensor.dtype().name(), tensor.shape().numel(), Long::sum);
            parameters += tensor.shape().numel();
            bytes += tensor.bytes();
        }
        return new WeightsSummary(
                tensors.size(), parameters, dtypes, bytes, TensorGroup.group(tensors));
    }

    /** The dtypes for one cell of a table; with several, the share of each. */
    String dtypeText() {
        if (dtypes.size() <= 1) {
            return String.join("", dtypes.keySet());
        }
        return dtypes.entrySet().stream()
                .map(entry -> entry.getKey() + " " + Units.count(entry.getValue()))
                .collect(Collectors.joining(", "));
    }
}
