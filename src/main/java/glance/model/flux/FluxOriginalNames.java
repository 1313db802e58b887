package glance.model.flux;

import glance.io.TensorInfo;
import glance.io.Weights;
import glance.io.Weights.Rows;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint in the names of black-forest-labs, which ComfyUI and files in GGUF keep, seen under
 * those of diffusers: by the lines of {@link FluxKeyMap}, and these, which no adapter has.
 *
 * <pre>
 * double_blocks.I.img_attn.norm.query_norm.scale   transformer_blocks.I.attn.norm_q.weight
 * double_blocks.I.txt_attn.norm.query_norm.scale   transformer_blocks.I.attn.norm_added_q.weight
 * single_blocks.I.norm.query_norm.scale            single_transformer_blocks.I.attn.norm_q.weight
 * </pre>
 */
final class FluxOriginalNames {
    private static final String MARK = "double_blocks.0.img_attn.qkv.weight";

    private final Weights stored;
    private final Map<String, List<Rows>> names = new LinkedHashMap<>();

    private FluxOriginalNames(Weights stored) {
        this.stored = stored;
    }

    /** Whether a file has these names. */
    static boolean has(Weights weights) {
        return weights.transformer().tensors().containsKey(MARK);
    }

    /** The transformer in the names of diffusers, whichever of them the file has. */
    static Weights view(Weights weights) {
        Weights stored = weights.transformer();
        return stored.tensors().containsKey(MARK) ? new FluxOriginalNames(stored).view() : stored;
    }

    private Weights view() {
        int doubles = blocks("double_blocks.%d.img_attn.qkv.weight");
        int singles = blocks("single_blocks.%d.linear1.weight");
        Map<String, TensorInfo> rest = new LinkedHashMap<>(stored.tensors());
        for (FluxKeyMap.Line line : FluxKeyMap.lines(doubles, singles)) {
            add(line, rest);
        }
        addSwapped(rest);
        for (int i = 0; i < doubles; i++) {
            norms("double_blocks." + i + ".img_attn.", "transformer_blocks." + i, "norm_", rest);
            norms(
                    "double_blocks." + i + ".txt_attn.",
                    "transformer_blocks." + i,
                    "norm_added_",
                    rest);
        }
        for (int i = 0; i < singles; i++) {
            norms("single_blocks." + i + ".", "single_transformer_blocks." + i, "norm_", rest);
        }
        rest.forEach((name, info) -> put(name, Rows.of(info)));
        return stored.view(names);
    }

    private int blocks(String name) {
        int count = 0;
        while (stored.tensors().containsKey(name.formatted(count))) {
            count++;
        }
        return count;
    }

    /**
     * What is fused is as wide as the stream for each of q, k and v; the last part takes the rest.
     */
    private void add(FluxKeyMap.Line line, Map<String, TensorInfo> rest) {
        TensorInfo weight = rest.remove(line.theirs() + ".weight");
        TensorInfo bias = rest.remove(line.theirs() + ".bias");
        if (weight == null || weight.shape().rank() != 2) {
            return;
        }
        int row = 0;
        for (int i = 0; i < line.ours().length; i++) {
            boolean last = i == line.ours().length - 1;
            int count = last ? weight.shape().dim(0) - row : weight.shape().dim(1);
            put(line.ours()[i] + ".weight", new Rows(weight.name(), row, count));
            if (bias != null) {
                put(line.ours()[i] + ".bias", new Rows(bias.name(), row, count));
            }
            row += count;
        }
    }

    private void addSwapped(Map<String, TensorInfo> rest) {
        for (String part : List.of(".weight", ".bias")) {
            TensorInfo info = rest.remove(FluxKeyMap.SWAPPED.theirs() + part);
            if (info != null && info.shape().rank() > 0) {
                int half = info.shape().dim(0) / 2;
                put(
                        FluxKeyMap.SWAPPED.ours()[0] + part,
                        new Rows(info.name(), half, half),
                        new Rows(info.name(), 0, half));
            }
        }
    }

    private void norms(String theirs, String ours, String norm, Map<String, TensorInfo> rest) {
        for (String side : List.of("query", "key")) {
            TensorInfo info = rest.remove(theirs + "norm." + side + "_norm.scale");
            if (info != null) {
                put(ours + ".attn." + norm + side.charAt(0) + ".weight", Rows.of(info));
            }
        }
    }

    private void put(String name, Rows... rows) {
        names.put(name, List.of(rows));
    }
}
