package glance.lora;

import glance.io.NameTable;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** See {@link KeyMap#of}. */
record TableKeyMap(NameTable table) implements KeyMap {
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

    private FusedNames fused(Map<String, Shape> modules) {
        return new FusedNames(modules).add(table);
    }
}
