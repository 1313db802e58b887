package glance.lora;

import glance.io.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an adapter file says by itself, before any model is known. Each module has two matrices and
 * perhaps an alpha; exporters name them differently, and some mix the names in one file:
 *
 * <pre>
 * down    MODULE.lora_A.weight   MODULE.lora_A.NAME.weight   MODULE.lora.down.weight
 *         MODULE.lora_down.weight   MODULE.lora_linear_layer.down.weight
 * up      likewise with lora_B and up
 * alpha   MODULE.alpha, else from the header: see {@link AlphaRule}
 * </pre>
 */
public final class AdapterKeys {
    private static final Pattern MATRIX =
            Pattern.compile(
                    "(.+)\\.(?:(lora_A|lora_down|lora\\.down|lora_linear_layer\\.down)"
                            + "|lora_B|lora_up|lora\\.up|lora_linear_layer\\.up)"
                            + "(?:\\.[A-Za-z0-9_-]+)?\\.weight");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");
    private static final Set<DType> DTYPES = EnumSet.of(DType.F32, DType.BF16, DType.F16);

    private final List<Entry> entries;
    private final List<String> others;

    /**
     * One adapted module.
     *
     * @param module its name in the file, with any prefix
     * @param a the down matrix, [rank, in]
     * @param b the up matrix, [out, rank]
     * @param alpha numerator of the scale
     * @param keys all keys of the file that belong to it
     */
    public record Entry(String module, TensorInfo a, TensorInfo b, float alpha, List<String> keys) {
        /** Number of rows of a. */
        public int rank() {
            return a.shape().dim(0);
        }
    }

    private AdapterKeys(List<Entry> entries, List<String> others) {
        this.entries = List.copyOf(entries);
        this.others = List.copyOf(others);
    }

    /**
     * Sorts the keys of a file.
     *
     * @throws FormatException naming file and key, if a module lacks one of its matrices or has one
     *     twice, the two do not fit each other, an alpha is malformed, or the file holds an adapter
     *     of an unsupported kind
     */
    public static AdapterKeys read(SafetensorsFile file) {
        Map<String, String> downs = new LinkedHashMap<>();
        Map<String, String> ups = new LinkedHashMap<>();
        Map<String, String> alphas = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        for (String key : file.tensors().keySet()) {
            UnsupportedAdapters.refuse(file.path(), key);
            Matcher matrix = MATRIX.matcher(key);
            Matcher alpha = ALPHA.matcher(key);
            if (matrix.matches()) {
                Map<String, String> side = matrix.group(2) != null ? downs : ups;
                putOnce(file.path(), side, matrix.group(1), key);
            } else if (alpha.matches()) {
                alphas.put(alpha.group(1), key);
            } else {
                others.add(key);
            }
        }
        requirePairs(file.path(), downs, ups);
        AlphaRule rule = AlphaRule.of(file);
        List<Entry> entries = new ArrayList<>();
        downs.forEach(
                (module, down) ->
                        entries.add(
                                entry(
                                        file,
                                        module,
                                        down,
                                        ups.get(module),
                                        alphas.remove(module),
                                        rule)));
        others.addAll(alphas.values());
        return new AdapterKeys(entries, others);
    }

    /** The adapted modules, in file order. */
    public List<Entry> entries() {
        return entries;
    }

    /** Keys that belong to no adapted module. */
    public List<String> others() {
        return others;
    }

    private static void putOnce(Path file, Map<String, String> side, String module, String key) {
        String other = side.putIfAbsent(module, key);
        if (other != null) {
            throw new FormatException(
                    file,
                    key,
                    "gives a matrix that " + other + " gives already",
                    "keep one adapter in a file");
        }
    }

    private static void requirePairs(
            Path file, Map<String, String> downs, Map<String, String> ups) {
        downs.forEach((module, key) -> requirePartner(file, module, key, ups, "up (lora_B)"));
        ups.forEach((module, key) -> requirePartner(file, module, key, downs, "down (lora_A)"));
    }

    private static void requirePartner(
            Path file, String module, String key, Map<String, String> partners, String name) {
        if (!partners.containsKey(module)) {
            throw new FormatException(
                    file,
                    key,
                    "has no " + name + " matrix beside it",
                    "the file is not complete; fetch or export it again");
        }
    }

    private static Entry entry(
            SafetensorsFile file,
            String module,
            String down,
            String up,
            String alphaKey,
            AlphaRule rule) {
        TensorInfo a = matrix(file, down, "[rank, in]");
        TensorInfo b = matrix(file, up, "[out, rank]");
        int rank = a.shape().dim(0);
        if (b.shape().dim(1) != rank) {
            throw new FormatException(
                    file.path(),
                    up,
                    "is " + b.shape() + ", but " + down + " is " + a.shape() + ", of rank " + rank,
                    "the two must have one rank; fetch or export the file again");
        }
        if (alphaKey == null) {
            return new Entry(module, a, b, rule.alpha(module, rank), List.of(down, up));
        }
        return new Entry(module, a, b, readAlpha(file, alphaKey), List.of(down, up, alphaKey));
    }

    private static TensorInfo matrix(SafetensorsFile file, String key, String layout) {
        TensorInfo info = file.tensors().get(key);
        if (info.shape().rank() != 2 || info.shape().numel() == 0) {
            throw new FormatException(
                    file.path(),
                    key,
                    "must be a matrix " + layout + ", got " + info.shape(),
                    "only adapters of linear layers are supported");
        }
        if (!DTYPES.contains(info.dtype())) {
            throw new FormatException(
                    file.path(),
                    key,
                    "must be one of " + DTYPES + ", got " + info.dtype(),
                    "convert the file");
        }
        return info;
    }

    private static float readAlpha(SafetensorsFile file, String key) {
        TensorInfo info = file.tensors().get(key);
        if (info.shape().numel() != 1) {
            throw new FormatException(
                    file.path(), key, "must be one number, got shape " + info.shape(), null);
        }
        ByteBuffer data = file.data(key);
        float alpha =
                switch (info.dtype()) {
                    case F32, BF16, F16 ->
                            HostFloats.read(new HostTensor(info.dtype(), info.shape(), data))[0];
                    case I64 -> data.getLong();
                    case I32 -> data.getInt();
                    default ->
                            throw new FormatException(
                                    file.path(),
                                    key,
                                    "must be a number, got " + info.dtype(),
                                    null);
                };
        if (!Float.isFinite(alpha)) {
            throw new FormatException(file.path(), key, "must be finite, got " + alpha, null);
        }
        return alpha;
    }
}
