package glance.roofline;

/** Sizes of Qwen-Image and FLUX.1-dev at 1024 x 1024, where the two agree but for the text. */
final class Shapes {
    static final int IMAGE_TOKENS = 4096;
    static final int QWEN_TEXT = 64;
    static final int FLUX_TEXT = 512;
    static final int QWEN_TOKENS = IMAGE_TOKENS + QWEN_TEXT;
    static final int FLUX_TOKENS = IMAGE_TOKENS + FLUX_TEXT;
    static final int HIDDEN = 3072;
    static final int HEADS = 24;
    static final int HEAD_DIM = 128;
    static final int MLP = 12288;
    static final int LATENT_CHANNELS = 64;

    private Shapes() {}
}
