package glance.model.part;

import glance.io.Config;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a file with a part of a model is.
 *
 * @param what in words, such as {@code FLUX.1 [dev]}
 * @param config keys of config.json that its names and shapes tell
 * @param width what it shares with the transformer: of a text encoder the width of its embeddings,
 *     of an autoencoder the channels of its latents; of a transformer that of its stream
 * @param unclear why config.json cannot be known from the file and the model's own; null if it can
 */
public record Recognised(String what, Map<String, Object> config, int width, String unclear) {
    private static final String AXES = "axes_dims_rope";
    private static final List<Integer> PUBLISHED_AXES = List.of(16, 56, 56);
    private static final int ROTARY_HEAD_DIM = 128;

    /** Reads sizes from a file's shapes; tensors that are missing tell nothing. */
    public static final class Sizes {
        private final Map<String, TensorInfo> tensors;
        private final Map<String, Object> config = new LinkedHashMap<>();
        private String unclear;

        /**
         * @param weights in the names of diffusers or transformers
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

        /** Rows of a tensor for each pixel of a square patch; 0 without it. */
        public int perPixel(String tensor, int patch) {
            return (int) (of(tensor, 0) / ((long) patch * patch));
        }

        /** Number of axes of a tensor, 0 without it. */
        public int rank(String tensor) {
            return has(tensor) ? tensors.get(tensor).shape().rank() : 0;
        }

        /** Sets a key of the config, unless the value is 0. */
        public void put(String key, int value) {
            if (value > 0) {
                config.put(key, value);
            }
        }

        /**
         * Sets a key of the config.
         *
         * @param value null for none
         */
        public void put(String key, Object value) {
            config.put(key, value);
        }

        /** Sets the number of heads of a size that the shapes do not tell. */
        public void putHeads(String key, int width, int headDim) {
            require(
                    width % headDim == 0,
                    "a width of %d is no multiple of heads of %d".formatted(width, headDim));
            put(key, width / headDim);
        }

        /**
         * Number and width of heads.
         *
         * @param norm a norm of one head; without it heads are as wide as those of the base
         * @param usual width where the base says none
         */
        public void putHeads(int hiddenDim, String norm, Config base, int usual) {
            int headDim =
                    of(norm, 0) > 0 ? of(norm, 0) : base.positive("attention_head_dim", usual);
            put("attention_head_dim", headDim);
            putHeads("num_attention_heads", hiddenDim, headDim);
        }

        /** The same where the base has to say how heads are split for rotary positions. */
        public void putRotaryHeads(int hiddenDim, String norm, Config base) {
            putRotaryHeads(hiddenDim, norm, base, PUBLISHED_AXES);
        }

        /** The same where the published models split heads in another way. */
        public void putRotaryHeads(
                int hiddenDim, String norm, Config base, List<Integer> published) {
            putHeads(hiddenDim, norm, base, ROTARY_HEAD_DIM);
            int headDim = of(norm, 0);
            List<Integer> axes = base.has(AXES) ? base.integers(AXES) : published;
            require(
                    axes.stream().mapToInt(size -> size).sum() == headDim,
                    "no shape tells " + AXES + " of its heads of " + headDim);
        }

        /** What has to hold; else no config can be made. */
        public void require(boolean holds, String otherwise) {
            if (!holds && unclear == null) {
                unclear = otherwise;
            }
        }

        /** All that was found. */
        public Recognised as(String what, int width) {
            return new Recognised(what, config, width, unclear);
        }
    }
}
