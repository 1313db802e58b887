package glance.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The index of sharded weights: which file of the same folder holds which tensor.
 *
 * @param file the index itself
 * @param weightMap tensor name to file name
 */
record ShardIndex(Path file, Map<String, String> weightMap) {
    private static final long MAX_INDEX_BYTES = 100_000_000;

    static ShardIndex read(Path file) {
        ObjectNode root = Json.readObject(file, MAX_INDEX_BYTES);
        if (!(root.get("weight_map") instanceof ObjectNode map)) {
            throw new FormatException(
                    file, "weight_map", "must be an object of file names", "fetch the index again");
        }
        Map<String, String> weightMap = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            weightMap.put(entry.getKey(), fileName(file, entry));
        }
        if (weightMap.isEmpty()) {
            throw new FormatException(file, "weight_map", "is empty", "fetch the index again");
        }
        return new ShardIndex(file, weightMap);
    }

    /** Only a plain name is a shard: an index must not reach files outside its folder. */
    private static String fileName(Path file, Map.Entry<String, JsonNode> entry) {
        String name = entry.getValue().isTextual() ? entry.getValue().textValue() : "";
        boolean plain =
                name.endsWith(".safetensors")
                        && name.chars().allMatch(c -> c > ' ' && "/\\:".indexOf(c) < 0);
        if (!plain) {
            throw new FormatException(
                    file,
                    entry.getKey(),
                    "must name a .safetensors file in the same folder, got "
                            + PrintableText.quoted(entry.getValue().toString()),
                    "correct the index");
        }
        return name;
    }

    /** The names of all shards, sorted. */
    Set<String> shards() {
        return new TreeSet<>(weightMap.values());
    }

    /** Checks that each named tensor is in the shard that the index gives, and in no other. */
    void requireMatches(Map<String, SafetensorsFile> shards) {
        weightMap.forEach(
                (tensor, shard) -> {
                    if (!shards.get(shard).tensors().containsKey(tensor)) {
                        throw new FormatException(
                                file, tensor, "is not in " + shard, "fetch index and shards again");
                    }
                });
        shards.forEach(
                (shard, content) -> {
                    for (String tensor : content.tensors().keySet()) {
                        String owner = weightMap.getOrDefault(tensor, shard);
                        if (!owner.equals(shard)) {
                            throw new FormatException(
                                    content.path(),
                                    tensor,
                                    "is here, but the index gives it to " + owner,
                                    "fetch index and shards again");
                        }
                    }
                });
    }
}
