package glance.lora;

import glance.io.NameLine;
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

    @Override
    public boolean isTable(String name, Map<String, Shape> modules) {
        return table.lines(modules::containsKey).stream()
                .filter(NameLine::whole)
                .anyMatch(line -> line.theirs().equals(name) || line.ours().contains(name));
    }

    private FusedNames fused(Map<String, Shape> modules) {
        return new FusedNames(modules).add(table);
    }
}
