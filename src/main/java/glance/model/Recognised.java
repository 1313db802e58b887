package glance.model;

import glance.io.TensorInfo;
import glance.io.Weights;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a file with a transformer is.
 *
 * @param what in words, such as {@code FLUX.1 [dev]}
 * @param config keys of config.json that its names and shapes tell
 */
public record Recognised(String what, Map<String, Object> config) {
    /** Reads sizes from a file's shapes; tensors that are missing tell nothing. */
    public static final class Sizes {
        private final Map<String, TensorInfo> tensors;
        private final Map<String, Object> config = new LinkedHashMap<>();

        /**
         * @param weights in the names of diffusers
         */
        public Sizes(Weights weights) {
            tensors = weights.tensors();
        }

        /** Whether there is a tensor of this name. */
        public boolean has(String tensor) {
            return tensors.containsKey(tensor);
        }

        /** How many blocks have a tensor; {@code %d} stands for the number of the block. */
        public int count(String tensor) {
            int count = 0;
            while (has(tensor.formatted(count))) {
                count++;
            }
            return count;
        }

        /** A size of a tensor, 0 without it. */
        public int of(String tensor, int axis) {
            Shape shape = has(tensor) ? tensors.get(tensor).shape() : Shape.of();
            return axis < shape.rank() ? shape.dim(axis) : 0;
        }

        /** Sets a key of the config, unless the value is 0. */
        public void put(String key, int value) {
            if (value > 0) {
                config.put(key, value);
            }
        }

        /** Sets a key of the config. */
        public void put(String key, boolean value) {
            config.put(key, value);
        }

        /** Number and width of heads, from the width of the stream and a norm of one head. */
        public void putHeads(int hiddenDim, String norm) {
            int headDim = of(norm, 0);
            if (headDim > 0) {
                put("attention_head_dim", headDim);
                put("num_attention_heads", hiddenDim / headDim);
            }
        }

        /** All that was found. */
        public Recognised as(String what) {
            return new Recognised(what, config);
        }
    }
}
