package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.block.Hadamard;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Weights in 8 bits with scales beside them, as ComfyUI writes them: the weight is the stored one
 * times its scale, one for all of it or one for each row. Whole numbers may have been rotated
 * before they were rounded.
 *
 * <pre>
 * LAYER.weight          F8, or I8 in the format int8_tensorwise
 * LAYER.scale_weight    F32 [] or [1], [out] or [out, 1]; or LAYER.weight_scale
 * LAYER.comfy_quant     see {@link LayerFormat}
 * scaled_fp8, LAYER.scale_input, LAYER.input_scale      of no meaning here
 * </pre>
 *
 * Inputs are not rounded to 8 bits, as ComfyUI does where its kernels want it.
 */
final class ScaledWeights extends DerivedWeights {
    private static final Pattern SCALE =
            Pattern.compile("((?:.+\\.)?)(?:scale_weight|weight_scale)");
    private static final Pattern OTHER =
            Pattern.compile(
                    "(.+\\.)?(scaled_fp8|scale_input|input_scale|comfy_quant"
                            + "|comfy_attention\\.config)");

    private static final String INT8 = "int8_tensorwise";
    private static final Set<String> FLOATS = Set.of("float8_e4m3fn", "float8_e5m2");

    private final Map<String, LayerFormat> formats;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Scaling> scalings = new HashMap<>();
    private final String unknown; // a format that is not read, or null

    private ScaledWeights(Weights stored) {
        super(stored);
        this.formats = LayerFormat.of(stored);
        this.unknown = unknownFormat();
        if (unknown == null) {
            stored.tensors().forEach(this::sort);
            formats.forEach(this::expectScaled);
        } else {
            tensors.putAll(stored.tensors());
        }
    }

    /**
     * These weights, or the same with their scales known if they have any.
     *
     * @throws FormatException if a scale or what is said of it is damaged
     */
    static Weights of(Weights weights) {
        boolean scaled =
                weights.metadata().containsKey(LayerFormat.HEADER)
                        || weights.tensors().keySet().stream()
                                .anyMatch(
                                        name ->
                                                name.endsWith(LayerFormat.MARK)
                                                        || SCALE.matcher(name).matches());
        return scaled ? new ScaledWeights(weights) : weights;
    }

    private String unknownFormat() {
        for (LayerFormat layer : formats.values()) {
            if (!layer.format().equals(INT8) && !FLOATS.contains(layer.format())) {
                return layer.format();
            }
        }
        for (TensorInfo info : stored.tensors().values()) {
            if (SCALE.matcher(info.name()).matches()
                    && info.shape().rank() > 1
                    && info.shape().dim(1) > 1) {
                return "scales for blocks (" + info.name() + ")";
            }
        }
        return null;
    }

    private void sort(String name, TensorInfo info) {
        Matcher scale = SCALE.matcher(name);
        if (scale.matches()) {
            String layer = scale.group(1);
            TensorInfo weight = stored.tensors().get(layer + "weight");
            if (weight == null) {
                throw damaged(name, "has no " + layer + "weight beside it");
            }
            LayerFormat format =
                    layer.isEmpty() ? null : formats.get(layer.substring(0, layer.length() - 1));
            add(weight, format, scales(info, weight));
        } else if (!OTHER.matcher(name).matches()) {
            tensors.put(name, info);
        }
    }

    private void add(TensorInfo weight, LayerFormat format, float[] scales) {
        boolean whole = weight.dtype() == DType.I8;
        if (format == null && whole) {
            return; // nothing says what they mean; foreign() refuses them
        }
        int group = format == null ? 1 : format.group();
        if (format != null) {
            if (whole != format.format().equals(INT8) || !weight.dtype().isReal()) {
                throw damaged(
                        weight.name(),
                        "is " + weight.dtype() + ", and marked as " + format.format());
            }
            expectGroups(weight, format);
        }
        if (whole || group > 1 || scales.length > 1 || scales[0] != 1) {
            scalings.put(weight.name(), new Scaling(scales, group));
        }
    }

    private void expectGroups(TensorInfo weight, LayerFormat format) {
        int group = format.group();
        if (!Hadamard.isGroup(group)) {
            throw damaged(
                    format.where(),
                    "convrot_groupsize must be a power of 4 up to "
                            + Hadamard.LARGEST
                            + ", got "
                            + group);
        }
        Shape shape = weight.shape();
        if (group > 1 && (shape.rank() != 2 || shape.dim(1) % group != 0)) {
            throw damaged(
                    weight.name(), shape + " cannot be rotated in groups of " + group + " columns");
        }
    }

    private float[] scales(TensorInfo info, TensorInfo weight) {
        int rows = weight.shape().rank() == 0 ? 1 : weight.shape().dim(0);
        long count = info.shape().numel();
        if (count == 0 || count != 1 && count != rows) {
            throw damaged(
                    info.name(),
                    "must be one number, or one for each row of "
                            + weight.shape()
                            + ", got "
                            + info.shape());
        }
        if (!info.dtype().isFloating()) {
            throw damaged(info.name(), "must be floats, got " + info.dtype());
        }
        float[] scales = HostFloats.read(stored.tensor(info.name()));
        for (float scale : scales) {
            if (!(Math.abs(scale) >= Scaling.LEAST && Math.abs(scale) <= Scaling.MOST)) {
                throw damaged(
                        info.name(), "must be numbers of a size from 1e-30 to 1e30, got " + scale);
            }
        }
        return scales;
    }

    private void expectScaled(String layer, LayerFormat format) {
        String weight = layer + ".weight";
        if (!tensors.containsKey(weight)) {
            throw damaged(format.where(), "says how " + weight + " is stored, which is not there");
        }
        boolean scaled =
                stored.tensors().containsKey(layer + ".weight_scale")
                        || stored.tensors().containsKey(layer + ".scale_weight");
        if (!scaled) {
            throw damaged(weight, "is marked as " + format.format() + ", and has no weight_scale");
        }
    }

    private FormatException damaged(String name, String reason) {
        return new FormatException(
                stored.source(), name, reason, "the file is damaged; fetch it again");
    }

    @Override
    public Scaling scaling(String name) {
        return scalings.getOrDefault(name, Scaling.NONE);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public ByteBuffer data(String name) {
        return stored.data(name);
    }

    /** Without what says how the weights are stored, if it is understood. */
    @Override
    public Map<String, String> metadata() {
        Map<String, String> rest = new LinkedHashMap<>(stored.metadata());
        if (unknown == null) {
            rest.remove(LayerFormat.HEADER);
        }
        return rest;
    }

    @Override
    FormatException unread() {
        if (unknown != null) {
            return ForeignWeights.unsupported(source(), unknown);
        }
        Map<String, TensorInfo> rest = new LinkedHashMap<>(tensors);
        rest.keySet().removeAll(scalings.keySet());
        return ForeignWeights.quantised(source(), rest);
    }
}
