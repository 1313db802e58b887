package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Recognises weights that other programs wrote for themselves: quantised, or in another layout, by
 * the names and types of their tensors and by the config.json beside them.
 */
final class ForeignWeights {
    private static final String PLAIN = "fetch the model's weights in BF16, F16 or F32";
    private static final String DIFFUSERS =
            "fetch its parts, or the folder of a model that runs, in diffusers layout";
    private static final String QUANTISATION = "quantization_config";

    /** What weights of every model, and the counters beside them, are made of. */
    private static final Set<DType> USUAL =
            EnumSet.of(
                    DType.F32,
                    DType.BF16,
                    DType.F16,
                    DType.F64,
                    DType.F8_E4M3,
                    DType.F8_E5M2,
                    DType.I64,
                    DType.I32,
                    DType.BOOL);

    private record Mark(Pattern key, String name) {
        static Mark of(String key, String name) {
            return new Mark(Pattern.compile(key), name);
        }

        boolean isIn(Set<String> keys) {
            return keys.stream().anyMatch(key -> this.key.matcher(key).find());
        }
    }

    private static final List<Mark> QUANTISERS =
            List.of(
                    Mark.of("\\.quant_state\\.bitsandbytes__nf4$", "bitsandbytes (nf4)"),
                    Mark.of("\\.quant_state\\.bitsandbytes__fp4$", "bitsandbytes (fp4)"),
                    Mark.of("\\.(absmax|quant_map|nested_absmax)$", "bitsandbytes (4 bit)"),
                    Mark.of("\\.(SCB|weight_format)$", "bitsandbytes (int8)"),
                    Mark.of("\\.weight\\._(data|scale|shift)$", "quanto"),
                    Mark.of("\\.(wscales|smooth_factor|wcscales|wtscale)$", "nunchaku (SVDQuant)"),
                    Mark.of("\\.g_idx$", "GPTQ"),
                    Mark.of("\\.qzeros$", "AWQ or GPTQ"),
                    Mark.of("\\.weight_packed$", "compressed-tensors"),
                    Mark.of("\\.weight_scale_inv$", "fp8 in blocks"),
                    Mark.of("weight(:_weight)?_qdata$", "torchao"),
                    Mark.of("\\.(weight_scale_2|pre_quant_scale)$", "scales of blocks or inputs"),
                    Mark.of("(^|\\.)scaled_fp8$", "scales that are not in it (scaled_fp8)"));

    private static final List<Mark> LAYOUTS =
            List.of(
                    Mark.of(
                            "(^|\\.)(input_blocks|output_blocks|middle_block)\\.\\d+\\.",
                            "a UNet, as Stable Diffusion 1, 2 and XL have it"));

    private static final Mark ADAPTER =
            Mark.of("[._](lora_[AB]|lora_(up|down)|lokr_w[12]|hada_w[12])", "an adapter");

    private ForeignWeights() {}

    /** A refusal of another layout, in one line; null if this looks like what the engine reads. */
    static FormatException layout(Path file, Map<String, TensorInfo> tensors) {
        if (ADAPTER.isIn(tensors.keySet())) {
            return new FormatException(
                    file, null, "holds " + ADAPTER.name(), "give it to --lora, beside a model");
        }
        for (Mark layout : LAYOUTS) {
            if (layout.isIn(tensors.keySet())) {
                return new FormatException(file, null, "holds " + layout.name(), DIFFUSERS);
            }
        }
        return null;
    }

    /** A refusal of quantised weights that do not run, in one line; null if these are not. */
    static FormatException quantised(Path file, Map<String, TensorInfo> tensors) {
        String quantiser = quantiser(file, tensors);
        return quantiser == null ? null : unsupported(file, quantiser);
    }

    /** The refusal of weights that were quantised in a way that is not read. */
    static FormatException unsupported(Path file, String quantiser) {
        return new FormatException(
                file, null, "is quantised with " + quantiser + ", which is not supported", PLAIN);
    }

    private static String quantiser(Path file, Map<String, TensorInfo> tensors) {
        String marked = null;
        for (Mark mark : QUANTISERS) {
            if (marked == null && mark.isIn(tensors.keySet())) {
                marked = mark.name();
            }
        }
        TensorInfo odd =
                tensors.values().stream()
                        .filter(t -> !USUAL.contains(t.dtype()) && !t.dtype().isQuantised())
                        .filter(t -> t.shape().rank() > 0)
                        .findFirst()
                        .orElse(null);
        if (marked == null && odd == null) {
            return null;
        }
        String configured = configured(file.resolveSibling("config.json"));
        if (configured != null) {
            return configured + " (" + QUANTISATION + " in config.json)";
        }
        return marked != null
                ? marked
                : "a tool that it does not name (" + odd.name() + " is " + odd.dtype() + ")";
    }

    /** The quantiser that a config names, such as {@code bitsandbytes nf4}; null if none. */
    private static String configured(Path config) {
        if (!Files.isRegularFile(config)) {
            return null;
        }
        try {
            Config root = Config.read(config);
            if (!root.hasObject(QUANTISATION)) {
                return null;
            }
            Config settings = root.object(QUANTISATION);
            String method = settings.string("quant_method");
            if (settings.has("load_in_4bit") && settings.flag("load_in_4bit")) {
                return PrintableText.quoted(
                        method + " " + settings.string("bnb_4bit_quant_type", "4 bit"));
            }
            if (settings.has("load_in_8bit") && settings.flag("load_in_8bit")) {
                return PrintableText.quoted(method) + " int8";
            }
            return PrintableText.quoted(method);
        } catch (FormatException e) {
            return null;
        }
    }
}
