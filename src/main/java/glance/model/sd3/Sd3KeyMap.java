package glance.model.sd3;

import glance.lora.FusedNames;
import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of SD3's modules in adapter files: its own, and those of the first release ({@link
 * Sd3Names}), which ComfyUI and kohya keep and which fuse what is separate here.
 */
public final class Sd3KeyMap implements KeyMap {
    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>(KeyMap.identity().names(modules));
        names.putAll(fused(modules).withParts());
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return fused(modules).names();
    }

    private static FusedNames fused(Map<String, Shape> modules) {
        return new FusedNames(modules).add(Sd3Names.TABLE);
    }
}
