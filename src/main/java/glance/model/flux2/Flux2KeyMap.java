package glance.model.flux2;

import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Names of FLUX.2's modules in adapter files: its own, and those of the first release ({@link
 * Flux2Names}), which ComfyUI and the kohya tools keep and which fuse what is separate here.
 */
public final class Flux2KeyMap implements KeyMap {
    private static final KeyMap ORIGINAL = KeyMap.of(Flux2Names.TABLE);

    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        return ORIGINAL.names(modules);
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return ORIGINAL.toolNames(modules);
    }
}
