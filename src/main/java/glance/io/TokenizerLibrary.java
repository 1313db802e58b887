package glance.io;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The one place that knows the binding of the Hugging Face tokenizers library.
 *
 * <p>Left alone, the binding reports its use over the network, asks for CUDA builds of its native
 * library, and unpacks that library under {@code ~/.djl.ai}. While it loads it is therefore told to
 * stay offline and to use our cache folder; the settings are put back afterwards, since other code
 * in the same JVM may use the same library.
 */
final class TokenizerLibrary {
    private static final String CACHE_SETTING = "ENGINE_CACHE_DIR";
    private static final Map<String, String> OPTIONS =
            Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

    private TokenizerLibrary() {}

    /**
     * Makes a tokenizer.
     *
     * @param file only named in messages
     * @param definition the content of a {@code tokenizer.json}
     */
    static synchronized HuggingFaceTokenizer load(Path file, String definition) {
        Map<String, String> before = new HashMap<>();
        settings().forEach((key, value) -> before.put(key, System.setProperty(key, value)));
        try {
            byte[] json = definition.getBytes(StandardCharsets.UTF_8);
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
        } catch (EngineException | LinkageError | AssertionError e) {
            String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
            throw new FormatException(
                    file,
                    null,
                    "the native tokenizers library does not load on "
                            + platform
                            + " ("
                            + root(e)
                            + ")",
                    "64-bit Linux, Windows and macOS on ARM are supported",
                    e);
        } catch (IOException | RuntimeException e) {
            throw new FormatException(
                    file, null, "is not a usable tokenizer (" + root(e) + ")", "fetch it again", e);
        } finally {
            before.forEach(TokenizerLibrary::restore);
        }
    }

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        settings.put("ai.djl.offline", "true");
        if (System.getenv(CACHE_SETTING) == null && System.getProperty(CACHE_SETTING) == null) {
            Path cache = CacheFolder.writableChild(CacheFolder.preferred(), "native");
            settings.put(CACHE_SETTING, cache.toAbsolutePath().toString());
        }
        return settings;
    }

    private static void restore(String key, String value) {
        if (value == null) {
            System.clearProperty(key);
        } else {
            System.setProperty(key, value);
        }
    }

    private static String root(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return FormatException.printable(String.valueOf(cause.getMessage()));
    }
}
