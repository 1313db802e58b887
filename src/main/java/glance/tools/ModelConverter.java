package glance.tools;

import glance.api.Conversion;
import glance.api.Converted;
import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.io.GgufFile;
import glance.io.GgufWriter;
import glance.io.Json;
import glance.io.NameTable;
import glance.io.SafeWrite;
import glance.io.SafetensorsWriter;
import glance.io.TensorFile;
import glance.io.TensorInfo;
import glance.io.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Writes parts of models in other forms and types, tensor by tensor. */
public final class ModelConverter {
    private static final String CONFIG = "config.json";

    /** What GGUF calls the layout of its blocks. */
    private static final int BLOCKS_VERSION = 2;

    /** Endings that nobody gives to a folder. */
    private static final Pattern OTHER =
            Pattern.compile(".*\\.(bin|pth?|ckpt|sft|onnx|safetensor)");

    /** What is written. */
    private enum Form {
        GGUF,
        SAFETENSORS,
        FOLDER;

        /**
         * The one that a path asks for by its ending.
         *
         * @throws RequestException if the ending is that of other weights
         */
        static Form of(Path target) {
            String name = target.toString().toLowerCase(Locale.ROOT);
            if (OTHER.matcher(name).matches()) {
                throw new RequestException(
                        "out " + target + ": end it with .gguf or .safetensors, or give a folder");
            }
            return name.endsWith(".gguf")
                    ? GGUF
                    : name.endsWith(".safetensors") ? SAFETENSORS : FOLDER;
        }
    }

    private final ModelSource source;
    private final StoredTypes types;
    private final StoredTensors tensors;

    private ModelConverter(ModelSource source, StoredTypes types, StoredTensors tensors) {
        this.source = source;
        this.types = types;
        this.tensors = tensors;
    }

    /** See {@link glance.ModelTools#convert}. */
    public static Converted convert(Conversion request, Output output, Watch watch) {
        long start = System.nanoTime();
        Form form = Form.of(output.path());
        boolean gguf = form == Form.GGUF;
        try (ModelSource source = ModelSource.open(request)) {
            requirePlace(source, request.source(), output, form);
            Weights plain = source.weights().expanded();
            StoredTypes types = StoredTypes.of(output.dtype(), gguf, plain == source.weights());
            Weights named = named(source, plain, request.names(), form);
            if (!source.leftOut().isEmpty()) {
                watch.note(
                        "left out of "
                                + request.source()
                                + ": "
                                + String.join(", ", source.leftOut()));
            }
            StoredTensors tensors = new StoredTensors(named, types, gguf, watch);
            if (form == Form.FOLDER && source.config() == null) {
                source.ownConfig();
                watch.note(
                        "the source has no config.json; that of "
                                + output.path()
                                + " says what names and shapes tell, the rest is as published");
            }
            new ModelConverter(source, types, tensors).write(output.path(), form);
            return new Converted(
                    source.what(),
                    tensors.written(),
                    bytes(source.weights()),
                    tensors.bytes(),
                    (System.nanoTime() - start) * 1e-9);
        }
    }

    private static void requirePlace(ModelSource source, Path given, Output output, Form form) {
        try {
            if (form == Form.FOLDER) {
                Place.folder(output, given != null && Files.isDirectory(given) ? given : null);
                return;
            }
            for (TensorFile file : source.weights().files()) {
                if (Files.exists(output.path()) && Files.isSameFile(output.path(), file.path())) {
                    throw new RequestException(
                            "out " + output.path() + ": is the source; choose another name");
                }
            }
            Place.free(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Weights named(ModelSource source, Weights weights, String names, Form form) {
        Optional<NameTable> table = source.originalNames(form == Form.GGUF);
        if (names != null && table.isEmpty()) {
            throw new RequestException(
                    "names "
                            + names
                            + ": "
                            + source.what()
                            + " has the same names in files and in folders; leave this out");
        }
        boolean original = names == null ? form != Form.FOLDER : names.equals("original");
        return table.map(t -> original ? t.original(weights) : t.view(weights)).orElse(weights);
    }

    private static long bytes(Weights weights) {
        return weights.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
    }

    private void write(Path out, Form form) {
        switch (form) {
            case GGUF -> GgufWriter.stream(out, tensors.sources(), keys());
            case SAFETENSORS -> safetensors(out);
            case FOLDER ->
                    SafeWrite.folder(
                            out,
                            folder -> {
                                writeConfig(folder.resolve(CONFIG));
                                safetensors(folder.resolve(source.fileName()));
                            });
        }
    }

    private Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put(GgufFile.ARCHITECTURE, source.architecture());
        keys.put("general.quantization_version", BLOCKS_VERSION);
        keys.put("general.file_type", types.fileType());
        return keys;
    }

    private void safetensors(Path file) {
        SafetensorsWriter.stream(file, tensors.sources(), Map.of("format", "pt"));
    }

    private void writeConfig(Path file) throws IOException {
        if (source.config() != null) {
            Files.copy(source.config(), file);
        } else {
            Files.writeString(
                    file,
                    Json.MAPPER
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(source.ownConfig()));
        }
    }
}
