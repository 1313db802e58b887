package glance.train;

import glance.api.RequestException;
import glance.io.HostTensor;
import glance.lora.LoraPair;
import glance.nn.Linear;
import glance.schedule.SeededNoise;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * New adapters: lora_A normal with standard deviation 1 / rank, lora_B zero, so they change
 * nothing.
 */
final class AdapterInit {
    private AdapterInit() {}

    /**
     * An adapter for every layer that a target names.
     *
     * @throws RequestException if a target names no layer
     */
    static Map<String, LoraPair> create(Map<String, Linear> linears, TrainingSettings settings) {
        for (String target : settings.targets()) {
            if (linears.keySet().stream().noneMatch(name -> matches(name, target))) {
                throw new RequestException(
                        "target '" + target + "' names no linear layer of this model");
            }
        }
        SeededNoise noise = new SeededNoise(settings.seed());
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        linears.forEach(
                (name, linear) -> {
                    if (settings.targets().stream().anyMatch(target -> matches(name, target))) {
                        pairs.put(name, pair(linear.shape(), settings, noise));
                    }
                });
        return pairs;
    }

    /** As PEFT matches target_modules given as a list. */
    private static boolean matches(String name, String target) {
        return name.equals(target) || name.endsWith("." + target);
    }

    private static LoraPair pair(Shape weight, TrainingSettings settings, SeededNoise noise) {
        int rank = settings.rank();
        Shape down = Shape.of(rank, weight.dim(1));
        Shape up = Shape.of(weight.dim(0), rank);
        ByteBuffer a = zeros(down);
        FloatBuffer normal = noise.normal(Math.toIntExact(down.numel()));
        for (int i = 0; i < down.numel(); i++) {
            a.putFloat(4 * i, normal.get(i) / rank);
        }
        return new LoraPair(
                new HostTensor(DType.F32, down, a),
                new HostTensor(DType.F32, up, zeros(up)),
                settings.alpha());
    }

    private static ByteBuffer zeros(Shape shape) {
        return ByteBuffer.allocate(Math.toIntExact(4 * shape.numel()))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
