package glance.model.flux;

import glance.lora.FusedNames;
import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of FLUX's modules in adapter files: its own, and those of the first release ({@link
 * FluxNames}), which ComfyUI and kohya keep and which fuse what is separate here.
 *
 * <p>Adapters made with the tools of XLabs and with DiffSynth-Studio have names of their own:
 * {@link FluxOtherNames}.
 */
public final class FluxKeyMap implements KeyMap {
    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>(KeyMap.identity().names(modules));
        names.putAll(fused(modules).withParts());
        names.putAll(FluxOtherNames.of(modules));
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return fused(modules).names();
    }

    private static FusedNames fused(Map<String, Shape> modules) {
        return new FusedNames(modules).add(FluxNames.TABLE);
    }
}
