package glance.lora;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers the names that another implementation has for a model's modules, where it holds several
 * in one or has their rows in another order. Names whose modules the model lacks are left out.
 */
public final class FusedNames {
    private final Map<String, Shape> modules;
    private final Map<String, List<Target>> names = new LinkedHashMap<>();

    /**
     * @param modules weight shapes [out, in] of the model, by module name
     */
    public FusedNames(Map<String, Shape> modules) {
        this.modules = modules;
    }

    /** Their module is ours, one below the other; mostly it is just one. */
    public FusedNames add(String theirs, String... ours) {
        List<Target> targets = new ArrayList<>();
        int row = 0;
        for (String module : ours) {
            Shape shape = modules.get(module);
            if (shape == null) {
                return this;
            }
            targets.add(new Target(module, List.of(new Rows(row, shape.dim(0)))));
            row += shape.dim(0);
        }
        names.put(theirs, targets);
        return this;
    }

    /** All modules of a table of names. */
    public FusedNames add(NameTable table) {
        for (NameLine line : table.lines(this::has)) {
            if (line.form() == NameLine.Form.SWAPPED && hasTwoParts(line.ours().get(0))) {
                addSwapped(line.theirs(), line.ours().get(0));
            } else if (!line.whole()) {
                add(line.theirs(), line.ours().toArray(String[]::new));
            }
        }
        return this;
    }

    /** Whether a modulation has nothing but shift and scale. */
    private boolean hasTwoParts(String module) {
        Shape shape = modules.get(module);
        return shape != null && shape.rank() == 2 && shape.dim(0) == 2 * shape.dim(1);
    }

    /** Their module is ours with its halves swapped, as shift and scale of a norm are. */
    public FusedNames addSwapped(String theirs, String ours) {
        Shape shape = modules.get(ours);
        if (shape != null) {
            int half = shape.dim(0) / 2;
            List<Rows> swapped = List.of(new Rows(half, half), new Rows(0, half));
            names.put(theirs, List.of(new Target(ours, swapped)));
        }
        return this;
    }

    /** Whether the model has a module. */
    public boolean has(String module) {
        return modules.containsKey(module);
    }

    /** What was gathered, in that order. */
    public Map<String, List<Target>> names() {
        return Collections.unmodifiableMap(names);
    }

    /**
     * These names, and for each that holds several modules the parts by number, as OneTrainer names
     * them: {@code attn.qkv.0} is to_q.
     */
    public Map<String, List<Target>> withParts() {
        Map<String, List<Target>> all = new LinkedHashMap<>(names);
        names.forEach(
                (name, targets) -> {
                    for (int i = 0; targets.size() > 1 && i < targets.size(); i++) {
                        String module = targets.get(i).module();
                        all.put(name + "." + i, List.of(KeyMap.whole(module, modules.get(module))));
                    }
                });
        return all;
    }
}
