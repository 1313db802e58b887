package glance.io;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.FormatException;
import glance.text.PrintableText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a file of ComfyUI says of a layer, in {@code LAYER.comfy_quant} or, for all layers, in
 * {@code _quantization_metadata} of the header:
 *
 * <pre>
 * {"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": 256}
 * </pre>
 *
 * What is beside the format may also lie in {@code "params": {...}}; a group that is not named has
 * 256 columns.
 *
 * @param where the tensor or key that says it, for messages
 * @param format its name, such as {@code float8_e4m3fn}
 * @param group columns that were rotated together; 1 for none
 */
record LayerFormat(String where, String format, int group) {
    /** The key of the header. */
    static final String HEADER = "_quantization_metadata";

    /** The end of a tensor's name. */
    static final String MARK = ".comfy_quant";

    private static final int USUAL_GROUP = 256;
    private static final int LONGEST = 1 << 16;

    /**
     * Those of all layers that have one, by the layer's name.
     *
     * @throws FormatException if one cannot be read
     */
    static Map<String, LayerFormat> of(Weights weights) {
        Map<String, LayerFormat> formats = new LinkedHashMap<>();
        String header = weights.metadata().get(HEADER);
        if (header != null) {
            JsonNode layers = Json.parseObject(weights.source(), HEADER, header).path("layers");
            layers.fields()
                    .forEachRemaining(
                            layer ->
                                    formats.put(
                                            layer.getKey(),
                                            read(weights, HEADER, layer.getValue())));
        }
        for (String name : weights.tensors().keySet()) {
            if (name.endsWith(MARK)) {
                String layer = name.substring(0, name.length() - MARK.length());
                formats.put(layer, read(weights, name, text(weights, name)));
            }
        }
        return formats;
    }

    private static JsonNode text(Weights weights, String name) {
        ByteBuffer data = weights.data(name).duplicate();
        if (data.remaining() > LONGEST) {
            throw new FormatException(
                    weights.source(), name, "is too long for the format of a layer", null);
        }
        byte[] text = new byte[data.remaining()];
        data.get(text);
        return Json.parseObject(weights.source(), name, new String(text, StandardCharsets.UTF_8));
    }

    private static LayerFormat read(Weights weights, String where, JsonNode json) {
        JsonNode format = json.path("format");
        if (!format.isTextual()) {
            throw new FormatException(weights.source(), where, "names no format", null);
        }
        boolean rotated = field(json, "convrot").asBoolean();
        JsonNode group = field(json, "convrot_groupsize");
        int columns = group.isMissingNode() ? USUAL_GROUP : group.asInt();
        return new LayerFormat(where, PrintableText.quoted(format.asText()), rotated ? columns : 1);
    }

    private static JsonNode field(JsonNode json, String name) {
        return json.has(name) ? json.path(name) : json.path("params").path(name);
    }
}
