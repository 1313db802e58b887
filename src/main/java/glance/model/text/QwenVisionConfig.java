package glance.model.text;

import glance.io.Config;
import java.util.List;

/**
 * What Qwen2.5-VL sees pictures with, and where they stand in a text: the vision tower, from {@code
 * vision_config} of config.json, and the three axes of the language model's rotary positions.
 *
 * @param channels of a picture
 * @param patchSize pixels of a patch along a side
 * @param frames frames of a patch; a picture is shown as so many equal ones
 * @param mergeSize patches of a unit along a side; a unit becomes one token of the text
 * @param windowSize pixels of an attention window along a side
 * @param wholeBlocks numbers of the blocks in which every patch sees all others
 * @param outDim width of the language model
 * @param imageToken id that stands in a text for a unit of a picture
 * @param sections pairs of a head that turn with time, height and width
 */
public record QwenVisionConfig(
        int depth,
        int hiddenDim,
        int intermediateDim,
        int numHeads,
        int channels,
        int patchSize,
        int frames,
        int mergeSize,
        int windowSize,
        List<Integer> wholeBlocks,
        int outDim,
        double ropeTheta,
        int imageToken,
        List<Integer> sections) {
    private static final int COLOURS = 3;
    private static final String PUBLISHED = "use the config.json that was published with it";

    /** Reads and checks config.json of a whole Qwen2.5-VL, in either published layout. */
    public static QwenVisionConfig of(Config config) {
        if (!config.hasObject("vision_config")) {
            throw config.refuse(
                    "vision_config", "missing: it tells how pictures are seen", PUBLISHED);
        }
        Config vision = config.object("vision_config");
        vision.accepts("model_type", "qwen2_5_vl", "qwen2_5_vl_vision");
        vision.accepts("hidden_act", "silu");
        QwenConfig text = QwenConfig.of(config);
        int hiddenDim = vision.positive("hidden_size", 1280);
        int numHeads = vision.count("num_heads", 16);
        if (hiddenDim % (4 * numHeads) != 0) {
            throw vision.refuse(
                    "num_heads",
                    "must divide hidden_size "
                            + hiddenDim
                            + " into heads of a multiple of 4, got "
                            + numHeads,
                    PUBLISHED);
        }
        int outDim = vision.positive("out_hidden_size", text.hiddenDim());
        if (outDim != text.hiddenDim()) {
            throw vision.refuse(
                    "out_hidden_size",
                    "must be the hidden_size of the text, " + text.hiddenDim() + ", got " + outDim,
                    PUBLISHED);
        }
        int patchSize = vision.count("patch_size", 14);
        int mergeSize = vision.count("spatial_merge_size", 2);
        int windowSize = vision.positive("window_size", 112);
        if (windowSize % vision.product("spatial_merge_size", patchSize, mergeSize) != 0) {
            throw vision.refuse(
                    "window_size",
                    "must be a multiple of "
                            + patchSize * mergeSize
                            + " pixels, which become one token, got "
                            + windowSize,
                    PUBLISHED);
        }
        String channelsKey = vision.has("in_chans") ? "in_chans" : "in_channels";
        int channels = vision.count(channelsKey, COLOURS);
        if (channels != COLOURS) {
            throw vision.refuse(
                    channelsKey, "must be 3, for red, green and blue, got " + channels, PUBLISHED);
        }
        int frames = vision.count("temporal_patch_size", 2);
        vision.product("patch_size", channels, frames, patchSize, patchSize);
        vision.product("spatial_merge_size", mergeSize, mergeSize, hiddenDim);
        Config rope =
                vision.hasObject("rope_parameters") ? vision.object("rope_parameters") : vision;
        return new QwenVisionConfig(
                vision.count("depth", 32),
                hiddenDim,
                vision.positive("intermediate_size", 3420),
                numHeads,
                channels,
                patchSize,
                frames,
                mergeSize,
                windowSize,
                vision.has("fullatt_block_indexes")
                        ? List.copyOf(vision.integers("fullatt_block_indexes"))
                        : List.of(7, 15, 23, 31),
                outDim,
                rope.number("rope_theta", 10_000, 1, Float.MAX_VALUE),
                config.integer("image_token_id", 151_655, 0, text.vocabSize() - 1),
                sections(config, text.headDim()));
    }

    /** {@code mrope_section}, which has moved: it is in what the text's rotation is told by. */
    private static List<Integer> sections(Config config, int headDim) {
        Config text = config.has("text_config") ? config.object("text_config") : config;
        for (String key : List.of("rope_parameters", "rope_scaling")) {
            if (text.hasObject(key) && text.object(key).has("mrope_section")) {
                Config rope = text.object(key);
                List<Integer> sections = rope.integers("mrope_section");
                if (sections.size() != 3) {
                    throw rope.refuse(
                            "mrope_section",
                            "must have 3 entries: time, height and width, got " + sections,
                            PUBLISHED);
                }
                return List.copyOf(sections);
            }
        }
        if (headDim % 16 != 0) {
            throw text.refuse("rope_scaling", "missing: mrope_section is in it", PUBLISHED);
        }
        return List.of(headDim / 8, headDim / 16 * 3, headDim / 16 * 3);
    }
}
