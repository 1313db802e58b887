package glance.lora;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sorts the keys of an adapter file. Each module has two matrices and perhaps an alpha; exporters
 * name them differently, and some mix the names in one file:
 *
 * <pre>
 * down    MODULE.lora_A.weight   MODULE.lora_A.NAME.weight   MODULE.lora.down.weight
 *         MODULE.lora_down.weight   MODULE.lora_linear_layer.down.weight
 *         MODULE_lora.down.weight   MODULE_lora1.down.weight   (_lora stays part of the name)
 * up      likewise with lora_B and up
 * alpha   MODULE.alpha, else from elsewhere: see {@link AlphaRule}
 * </pre>
 */
final class AdapterKeyReader {
    private static final Pattern MATRIX =
            Pattern.compile(
                    "(.+)\\.(?:(lora_[Aa]|lora_down|lora\\.down|lora_linear_layer\\.down)"
                            + "|lora_[Bb]|lora_up|lora\\.up|lora_linear_layer\\.up)"
                            + "(?:\\.(?!bias$)[A-Za-z0-9_-]+)*");
    private static final Pattern OLD_MATRIX =
            Pattern.compile("(.+_lora\\d?)\\.(?:(down)|up)\\.weight");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");

    /** Names of files in which alpha is mostly folded into the matrices. */
    private static final Pattern FOLDED = Pattern.compile(".+\\.lora_[Aa](\\..+)?");

    private final SafetensorsFile file;
    private final Consumer<FormatException> problems;
    private final Map<String, String> downs = new LinkedHashMap<>();
    private final Map<String, String> ups = new LinkedHashMap<>();
    private final Map<String, String> alphas = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    /**
     * @param problems hears what cannot be used, each with its reason; it may throw it
     */
    AdapterKeyReader(SafetensorsFile file, Consumer<FormatException> problems) {
        this.file = file;
        this.problems = problems;
    }

    AdapterKeys read() {
        file.tensors().keySet().forEach(this::sort);
        downs.forEach((module, key) -> checkPartner(module, key, ups, "up (lora_B)"));
        ups.forEach((module, key) -> checkPartner(module, key, downs, "down (lora_A)"));
        Map<String, Integer> ranks = new LinkedHashMap<>();
        for (Map.Entry<String, String> down : downs.entrySet()) {
            String up = ups.get(down.getKey());
            if (up != null && fit(down.getValue(), up)) {
                ranks.put(down.getKey(), info(down.getValue()).shape().dim(0));
            } else {
                others.add(down.getValue());
            }
        }
        ups.forEach((module, up) -> addIf(!ranks.containsKey(module), up));
        Map<String, Float> own = ownAlphas(ranks);
        Map<String, Integer> open = new LinkedHashMap<>(ranks);
        open.keySet().removeAll(own.keySet());
        AlphaRule rule = rule(open);
        List<AdapterKeys.Entry> entries = new ArrayList<>();
        for (String module : ranks.keySet()) {
            Float alpha = own.get(module);
            entries.add(entry(module, alpha == null ? rule.alpha(module) : alpha));
        }
        alphas.forEach((module, key) -> addIf(!ranks.containsKey(module), key));
        return new AdapterKeys(entries, others, rule.remarks());
    }

    private void sort(String key) {
        FormatException unsupported = UnsupportedAdapters.refusal(file.path(), key).orElse(null);
        Matcher matrix = MATRIX.matcher(key);
        Matcher old = OLD_MATRIX.matcher(key);
        Matcher alpha = ALPHA.matcher(key);
        if (unsupported != null) {
            refuse(unsupported);
            others.add(key);
        } else if (matrix.matches()) {
            putOnce(matrix.group(2) != null ? downs : ups, matrix.group(1), key);
        } else if (old.matches()) {
            putOnce(old.group(2) != null ? downs : ups, old.group(1), key);
        } else if (alpha.matches()) {
            alphas.put(alpha.group(1), key);
        } else {
            others.add(key);
        }
    }

    private void refuse(FormatException problem) {
        problems.accept(problem);
    }

    private void refuse(String key, String reason, String remedy) {
        refuse(new FormatException(file.path(), key, reason, remedy));
    }

    private void addIf(boolean unused, String key) {
        if (unused) {
            others.add(key);
        }
    }

    private TensorInfo info(String key) {
        return file.tensors().get(key);
    }

    private void putOnce(Map<String, String> side, String module, String key) {
        String other = side.putIfAbsent(module, key);
        if (other != null) {
            refuse(
                    key,
                    "gives a matrix that " + other + " gives already",
                    "keep one adapter in a file");
            others.add(key);
        }
    }

    private void checkPartner(
            String module, String key, Map<String, String> partners, String name) {
        if (!partners.containsKey(module)) {
            refuse(
                    key,
                    "has no " + name + " matrix beside it",
                    "the file is not complete; fetch or export it again");
        }
    }

    private boolean fit(String down, String up) {
        if (!isMatrix(down, "[rank, in]") || !isMatrix(up, "[out, rank]")) {
            return false;
        }
        Shape a = info(down).shape();
        Shape b = info(up).shape();
        if (b.dim(1) == a.dim(0)) {
            return true;
        }
        refuse(
                up,
                "is " + b + ", but " + down + " is " + a + ", of rank " + a.dim(0),
                "the two must have one rank; fetch or export the file again");
        return false;
    }

    private boolean isMatrix(String key, String layout) {
        Shape shape = info(key).shape();
        DType dtype = info(key).dtype();
        if (shape.rank() == 4) {
            refuse(
                    UnsupportedAdapters.refusal(
                            file.path(), key, "for a convolution, with shape " + shape));
        } else if (shape.rank() != 2 || shape.numel() == 0) {
            refuse(
                    key,
                    "must be a matrix " + layout + ", got " + shape,
                    "only adapters of linear layers are supported");
        } else if (!dtype.isFloating() && dtype != DType.F64) {
            refuse(
                    key,
                    "must hold real numbers, got " + dtype,
                    "export the adapter as F32 or BF16");
        } else {
            return true;
        }
        return false;
    }

    private Map<String, Float> ownAlphas(Map<String, Integer> ranks) {
        Map<String, Float> values = new LinkedHashMap<>();
        for (String module : ranks.keySet()) {
            if (alphas.containsKey(module)) {
                Float alpha = readAlpha(alphas.get(module));
                values.put(module, alpha == null ? Float.valueOf(ranks.get(module)) : alpha);
            }
        }
        return values;
    }

    private Float readAlpha(String key) {
        TensorInfo info = info(key);
        if (info.shape().numel() != 1) {
            refuse(key, "must be one number, got shape " + info.shape(), null);
            return null;
        }
        ByteBuffer data = file.data(key);
        float alpha;
        switch (info.dtype()) {
            case I64 -> alpha = data.getLong();
            case I32 -> alpha = data.getInt();
            case U8, BOOL -> {
                refuse(key, "must be a number, got " + info.dtype(), null);
                return null;
            }
            default -> alpha = HostFloats.read(new HostTensor(info.dtype(), info.shape(), data))[0];
        }
        if (!Float.isFinite(alpha)) {
            refuse(key, "must be finite, got " + alpha, null);
            return null;
        }
        return alpha;
    }

    /** Where a config cannot be used, the ranks. */
    private AlphaRule rule(Map<String, Integer> open) {
        boolean folded = downs.values().stream().allMatch(key -> FOLDED.matcher(key).matches());
        try {
            return AlphaRule.of(file, open, folded);
        } catch (FormatException problem) {
            refuse(problem);
            return AlphaRule.ofRanks(open);
        }
    }

    private AdapterKeys.Entry entry(String module, float alpha) {
        List<String> keys = new ArrayList<>(List.of(downs.get(module), ups.get(module)));
        if (alphas.containsKey(module)) {
            keys.add(alphas.get(module));
        }
        return new AdapterKeys.Entry(
                module, info(downs.get(module)), info(ups.get(module)), alpha, keys);
    }
}
