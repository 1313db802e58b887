package glance.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import glance.api.FormatException;
import glance.io.JnaLibrary;
import glance.io.NativeLibraries;
import glance.text.PrintableText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The one place that knows the binding of the Hugging Face tokenizers library.
 *
 * <p>Left alone, the binding reports its use over the network, asks for CUDA builds of its native
 * library, and unpacks that library under {@code ~/.djl.ai}. While it loads it is therefore told to
 * stay offline and to take the library that we have unpacked ({@link NativeLibraries}). It looks
 * for CUDA through JNA.
 */
final class TokenizerLibrary {
    /** The binding's own setting of where its library is; a user's choice stands. */
    private static final String LIBRARY_SETTING = "RUST_LIBRARY_PATH";

    private static final String PLATFORMS = "64-bit Linux, Windows and macOS on ARM are supported";
    private static final List<String> WINDOWS_RUNTIME =
            List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll");
    private static final Map<String, String> OPTIONS =
            Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

    /** Why the library does not load: Java says so only the first time. */
    private static String problem;

    private TokenizerLibrary() {}

    /**
     * Makes a tokenizer.
     *
     * @param file only named in messages
     * @param definition the content of a {@code tokenizer.json}
     */
    static synchronized HuggingFaceTokenizer load(Path file, String definition) {
        if (problem != null) {
            throw new FormatException(file, null, problem, null);
        }
        return NativeLibraries.withSettings(settings(file), () -> make(file, definition));
    }

    private static HuggingFaceTokenizer make(Path file, String definition) {
        try {
            byte[] json = definition.getBytes(StandardCharsets.UTF_8);
            return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
        } catch (EngineException | LinkageError | AssertionError e) {
            problem =
                    "the native tokenizers library does not load on "
                            + platform()
                            + ": "
                            + NativeLibraries.reason(e, PLATFORMS);
            throw new FormatException(file, null, problem, null, e);
        } catch (IOException | RuntimeException e) {
            throw new FormatException(
                    file, null, "is not a usable tokenizer (" + root(e) + ")", "fetch it again", e);
        }
    }

    private static Map<String, String> settings(Path file) {
        Map<String, String> settings = new HashMap<>(JnaLibrary.settings());
        settings.put("ai.djl.offline", "true");
        if (System.getenv(LIBRARY_SETTING) == null && System.getProperty(LIBRARY_SETTING) == null) {
            settings.put(LIBRARY_SETTING, library(file).toString());
        }
        return settings;
    }

    /** The library as a file. */
    private static Path library(Path file) {
        String name = System.mapLibraryName("tokenizers");
        String folder = "native/lib/" + classifier() + "/cpu/";
        if (!NativeLibraries.exists(folder + name)) {
            throw new FormatException(
                    file,
                    null,
                    "there is no native tokenizers library for " + platform(),
                    PLATFORMS);
        }
        Map<String, String> resources =
                name.endsWith(".dll")
                        ? WINDOWS_RUNTIME.stream()
                                .collect(Collectors.toMap(Function.identity(), folder::concat))
                        : new HashMap<>();
        resources.put(name, folder + name);
        return NativeLibraries.unpack("tokenizers", resources).resolve(name);
    }

    private static String classifier() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        return (os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "win" : os)
                + "-"
                + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static String platform() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    private static String root(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return PrintableText.quoted(String.valueOf(cause.getMessage()));
    }
}
