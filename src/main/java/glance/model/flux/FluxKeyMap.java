package glance.model.flux;

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
    private static final KeyMap ORIGINAL = KeyMap.of(FluxNames.TABLE);

    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>(ORIGINAL.names(modules));
        names.putAll(FluxOtherNames.of(modules));
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return ORIGINAL.toolNames(modules);
    }
}
