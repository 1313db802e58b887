package glance.pipeline;

import java.nio.FloatBuffer;

/** What is said of numbers that became NaN or infinite. */
final class NotFinite {
    static final String LATENTS =
            "the latents became NaN or infinite; the model, an adapter or its strength is at fault";
    static final String PICTURE =
            "the decoded picture has values that are NaN or infinite; the autoencoder or its config"
                    + " is at fault";

    private NotFinite() {}

    /**
     * Reads the values to their end.
     *
     * @throws IllegalStateException in these words, if one is NaN or infinite
     */
    static void check(FloatBuffer values, String words) {
        while (values.hasRemaining()) {
            if (!Float.isFinite(values.get())) {
                throw new IllegalStateException(words);
            }
        }
    }
}
