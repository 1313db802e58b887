package glance.io;

import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Weights in 8-bit floats with a scale for each tensor beside them, as ComfyUI writes them: the
 * weight is the stored one times its scale.
 *
 * <pre>
 * LAYER.weight          F8
 * LAYER.scale_weight    F32 [] or [1], or LAYER.weight_scale
 * LAYER.comfy_quant     {"format": "float8_e4m3fn"}, or in _quantization_metadata of the header
 * scaled_fp8, LAYER.scale_input, LAYER.input_scale      of no meaning here
 * </pre>
 */
final class ScaledWeights extends Weights {
    private static final Pattern SCALE = Pattern.compile("(.+\\.)?(?:scale_weight|weight_scale)");
    private static final Pattern OTHER =
            Pattern.compile("(.+\\.)?(scaled_fp8|scale_input|input_scale|comfy_quant)");
    private static final String FORMATS = "_quantization_metadata";
    private static final String MARK = ".comfy_quant";
    private static final Set<String> KNOWN = Set.of("float8_e4m3fn", "float8_e5m2");

    private final Weights stored;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Float> scales = new HashMap<>();

    private ScaledWeights(Weights stored) {
        this.stored = stored;
        stored.tensors().forEach(this::sort);
    }

    /**
     * These weights, or the same with their scales known if they have any that are read.
     *
     * @throws FormatException if a scale is damaged
     */
    static Weights of(Weights weights) {
        boolean scaled =
                weights.tensors().keySet().stream().anyMatch(n -> SCALE.matcher(n).matches());
        return scaled && isKnown(weights) ? new ScaledWeights(weights) : weights;
    }

    /** Whether all layers are in formats that are read, with one scale each. */
    private static boolean isKnown(Weights weights) {
        for (TensorInfo info : weights.tensors().values()) {
            boolean scale = SCALE.matcher(info.name()).matches();
            if (scale && info.shape().numel() != 1) {
                return false;
            }
            if (info.name().endsWith(MARK) && !isKnown(weights, info)) {
                return false;
            }
        }
        String header = weights.metadata().get(FORMATS);
        return header == null || isKnown(Json.parseObject(weights.source(), FORMATS, header));
    }

    private static boolean isKnown(Weights weights, TensorInfo info) {
        ByteBuffer data = weights.data(info.name()).duplicate();
        byte[] text = new byte[data.remaining()];
        data.get(text);
        String json = new String(text, StandardCharsets.UTF_8);
        return isKnown(Json.parseObject(weights.source(), info.name(), json));
    }

    /** Whether every format that is named anywhere in it is read. */
    private static boolean isKnown(ObjectNode json) {
        return json.findValues("format").stream().allMatch(f -> KNOWN.contains(f.asText()));
    }

    private void sort(String name, TensorInfo info) {
        Matcher scale = SCALE.matcher(name);
        if (scale.matches()) {
            String weight = (scale.group(1) == null ? "" : scale.group(1)) + "weight";
            float value = HostFloats.read(stored.tensor(name))[0];
            if (!Float.isFinite(value) || value == 0) {
                throw new FormatException(
                        stored.source(), name, "must be a number other than 0, got " + value, null);
            }
            scales.put(weight, value);
        } else if (!OTHER.matcher(name).matches()) {
            tensors.put(name, info);
        }
    }

    @Override
    public float scale(String name) {
        return scales.getOrDefault(name, 1f);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public ByteBuffer data(String name) {
        return stored.data(name);
    }

    @Override
    public List<TensorFile> files() {
        return stored.files();
    }

    /** Without what says how the weights are stored. */
    @Override
    public Map<String, String> metadata() {
        Map<String, String> rest = new LinkedHashMap<>(stored.metadata());
        rest.remove(FORMATS);
        return rest;
    }

    @Override
    public FormatException quantised() {
        return stored.quantised();
    }

    @Override
    public Path source() {
        return stored.source();
    }

    @Override
    public void close() {
        stored.close();
    }
}
