package glance.model.text;

import glance.io.Config;

/**
 * The encoder of T5 version 1.1.
 *
 * @param headDim size of one attention head; need not be {@code hiddenDim / numHeads}
 * @param numBuckets number of relative-position buckets
 * @param maxDistance distance from which on all positions share the last bucket
 */
public record T5Config(
        int vocabSize,
        int hiddenDim,
        int intermediateDim,
        int numLayers,
        int numHeads,
        int headDim,
        int numBuckets,
        int maxDistance,
        float rmsNormEps) {

    /** Reads and checks config.json. */
    public static T5Config of(Config config) {
        // Absent would mean the plain ReLU of the first T5.
        config.string("feed_forward_proj");
        config.accepts("feed_forward_proj", "gated-gelu");
        int numBuckets = config.count("relative_attention_num_buckets", 32);
        int maxDistance = config.positive("relative_attention_max_distance", 128);
        if (numBuckets < 4 || numBuckets % 2 != 0) {
            throw config.refuse(
                    "relative_attention_num_buckets",
                    "must be even and at least 4, got " + numBuckets,
                    "use the published config");
        }
        if (maxDistance <= numBuckets / 4) {
            throw config.refuse(
                    "relative_attention_max_distance",
                    "must exceed a quarter of the " + numBuckets + " buckets, got " + maxDistance,
                    "use the published config");
        }
        int numHeads = config.count("num_heads");
        int headDim = config.positive("d_kv");
        config.product("num_heads", numHeads, headDim);
        return new T5Config(
                config.positive("vocab_size"),
                config.positive("d_model"),
                config.positive("d_ff"),
                config.count("num_layers"),
                numHeads,
                headDim,
                numBuckets,
                maxDistance,
                config.epsilon("layer_norm_epsilon", 1e-6));
    }
}
