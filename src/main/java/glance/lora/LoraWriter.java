package glance.lora;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Writes adapters in the diffusers layout, so that every reader applies them at the same strength:
 * {@code alpha / rank} is folded into lora_B and the header says alpha = rank. Readers that ignore
 * the header, and those that assume alpha = rank when nothing says otherwise, then agree. No {@code
 * .alpha} tensors are written: diffusers misreads files that have them beside lora_A and lora_B.
 */
public final class LoraWriter {
    private static final String PREFIX = "transformer.";
    private static final ObjectMapper JSON = new ObjectMapper();

    private LoraWriter() {}

    /**
     * Writes an adapter; the file is complete or not there.
     *
     * @param pairs F32 matrices by module name, all of one rank
     * @param notes further header entries
     */
    public static void write(Path file, Map<String, LoraPair> pairs, Map<String, String> notes) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        TreeSet<Integer> ranks = new TreeSet<>();
        pairs.forEach(
                (module, pair) -> {
                    ranks.add(pair.rank());
                    tensors.put(PREFIX + module + ".lora_A.weight", pair.a());
                    tensors.put(PREFIX + module + ".lora_B.weight", scaled(pair.b(), pair.scale()));
                });
        if (ranks.size() != 1) {
            throw new IllegalArgumentException("an adapter file must have one rank, got " + ranks);
        }
        Map<String, String> metadata = new LinkedHashMap<>(notes);
        metadata.put("format", "pt");
        metadata.put("lora_adapter_metadata", header(ranks.first(), pairs.keySet()));
        SafetensorsWriter.write(file, tensors, metadata);
    }

    private static String header(int rank, Iterable<String> modules) {
        ObjectNode node = JSON.createObjectNode();
        node.put("transformer.r", rank);
        node.put("transformer.lora_alpha", rank);
        modules.forEach(node.withArray("transformer.target_modules")::add);
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write the adapter header", e);
        }
    }

    private static HostTensor scaled(HostTensor tensor, float scale) {
        if (tensor.dtype() != DType.F32) {
            throw new IllegalArgumentException(
                    "adapters are written from F32, got " + tensor.dtype());
        }
        int count = Math.toIntExact(tensor.shape().numel());
        ByteBuffer source = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer result = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            result.putFloat(4 * i, scale * source.getFloat(source.position() + 4 * i));
        }
        return new HostTensor(DType.F32, tensor.shape(), result);
    }
}
