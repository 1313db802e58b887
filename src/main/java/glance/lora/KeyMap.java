package glance.lora;

import glance.io.NameTable;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names that adapter files of a model family have for its modules. Most files use the model's
 * own names; some use those of another implementation, which may hold several modules in one:
 *
 * <pre>
 * attn.qkv          -&gt; to_q rows [0, d), to_k rows [d, 2d), to_v rows [2d, 3d)
 * adaLN (swapped)   -&gt; linear rows [d, 2d) then [0, d)
 * </pre>
 *
 * Names are dotted and without prefix; spellings with underscores and prefixes such as {@code
 * transformer.} are understood without being listed.
 */
@FunctionalInterface
public interface KeyMap {
    /**
     * All names, each with the modules that its rows go to.
     *
     * @param modules weight shapes [out, in] of the model, by module name
     */
    Map<String, List<Target>> names(Map<String, Shape> modules);

    /**
     * The names in files of ComfyUI and the kohya tools: each module of the model at most once.
     * None if these tools do not run the family; here: the model's own.
     *
     * @param modules as for {@link #names}
     */
    default Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return identity().names(modules);
    }

    /**
     * The names in files of a layout: each module of the model at most once. Modules without a name
     * there are left out.
     *
     * @param modules as for {@link #names}
     */
    default Map<String, List<Target>> names(LoraLayout layout, Map<String, Shape> modules) {
        return layout.hasToolNames() ? toolNames(modules) : identity().names(modules);
    }

    /**
     * Whether a name is that of a tensor of the model that no layer multiplies by, such as a table,
     * in any names that are understood.
     *
     * @param modules as for {@link #names}
     */
    default boolean isTable(String name, Map<String, Shape> modules) {
        return false;
    }

    /** These names, and those that files have for the modules of the model's text encoders. */
    default KeyMap withTextEncoders(TextEncoderNames... encoders) {
        return new TextEncoderKeyMap(this, List.of(encoders));
    }

    /**
     * The model's own names and those of its first publishers, which ComfyUI and the kohya tools
     * keep.
     */
    static KeyMap of(NameTable table) {
        return new TableKeyMap(table);
    }

    /** Only the model's own names, which all tools use. */
    static KeyMap identity() {
        return modules -> {
            Map<String, List<Target>> names = new LinkedHashMap<>();
            modules.forEach((module, shape) -> names.put(module, List.of(whole(module, shape))));
            return names;
        };
    }

    /** Only the model's own names; ComfyUI and the kohya tools know no adapters of the family. */
    static KeyMap ofDiffusersOnly() {
        return new KeyMap() {
            @Override
            public Map<String, List<Target>> names(Map<String, Shape> modules) {
                return identity().names(modules);
            }

            @Override
            public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
                return Map.of();
            }
        };
    }

    /** A target that takes all rows as they are. */
    static Target whole(String module, Shape shape) {
        return new Target(module, List.of(new Rows(0, shape.dim(0))));
    }

    /**
     * A module that takes rows of lora_B, and all of lora_A.
     *
     * @param module name in the model
     * @param rows ranges of the file's rows, in the order of the module's rows
     */
    record Target(String module, List<Rows> rows) {
        public Target {
            rows = List.copyOf(rows);
        }

        /** Number of rows that the module takes. */
        public int count() {
            return rows.stream().mapToInt(Rows::count).sum();
        }

        /** Number of rows that the file must have at least. */
        int end() {
            return rows.stream().mapToInt(range -> range.begin() + range.count()).max().orElse(0);
        }
    }

    /**
     * Rows {@code [begin, begin + count)}.
     *
     * @param begin first row, counting from 0
     * @param count number of rows
     */
    record Rows(int begin, int count) {}
}
