package glance.lora;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The blocks of a transformer, counted from 0 in the order in which they run, through all of its
 * lists of blocks.
 */
public final class BlockNumbers {
    private static final Pattern BLOCK = Pattern.compile("(\\w*blocks\\.\\d+)\\..*");

    private final Map<String, Integer> ofModule = new HashMap<>();
    private final int count;

    /**
     * @param modules names of all linear layers, in the order in which they run
     */
    public BlockNumbers(Collection<String> modules) {
        Map<String, Integer> blocks = new LinkedHashMap<>();
        for (String module : modules) {
            Matcher block = BLOCK.matcher(module);
            if (block.matches()) {
                blocks.putIfAbsent(block.group(1), blocks.size());
                ofModule.put(module, blocks.get(block.group(1)));
            }
        }
        count = blocks.size();
    }

    /** How many blocks there are. */
    public int count() {
        return count;
    }

    /** The block of a layer; -1 if it is in none. */
    public int of(String module) {
        return ofModule.getOrDefault(module, -1);
    }
}
