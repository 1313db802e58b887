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
import glance.io.TensorSource;
import glance.io.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Writes parts of models in other forms and types, tensor by tensor. */
public final class ModelConverter {
    private static final String GGUF = ".gguf";
    private static final String SAFETENSORS = ".safetensors";
    private static final String CONFIG = "config.json";

    /** What GGUF calls the layout of its blocks. */
    private static final int BLOCKS_VERSION = 2;

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
        boolean gguf = output.path().toString().endsWith(GGUF);
        boolean isFile = gguf || output.path().toString().endsWith(SAFETENSORS);
        try (ModelSource source = ModelSource.open(request)) {
            requirePlace(source, request.source(), output, isFile);
            Weights plain = source.weights().expanded();
            StoredTypes types = StoredTypes.of(output.dtype(), gguf, plain == source.weights());
            Weights named = named(source, plain, request.names(), isFile);
            StoredTensors tensors = new StoredTensors(named, types, gguf, watch);
            if (!isFile && source.config() == null) {
                watch.note(
                        "SOURCE has no config.json; that of "
                                + output.path()
                                + " is what names and shapes tell, the rest as published");
            }
            new ModelConverter(source, types, tensors).write(output.path(), gguf, isFile);
            return new Converted(
                    source.what(),
                    tensors.written(),
                    bytes(source.weights()),
                    tensors.bytes(),
                    (System.nanoTime() - start) * 1e-9);
        }
    }

    private static void requirePlace(
            ModelSource source, Path given, Output output, boolean isFile) {
        try {
            if (!isFile) {
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

    private static Weights named(
            ModelSource source, Weights weights, String names, boolean isFile) {
        Optional<NameTable> table = source.originalNames();
        boolean original = names == null ? isFile : names.equals("original");
        return table.map(t -> original ? t.original(weights) : t.view(weights)).orElse(weights);
    }

    private static long bytes(Weights weights) {
        return weights.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
    }

    private void write(Path out, boolean gguf, boolean isFile) {
        if (gguf) {
            GgufWriter.stream(out, tensors.sources(), keys());
        } else if (isFile) {
            safetensors(out);
        } else {
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
        Map<String, TensorSource> all = tensors.sources();
        SafetensorsWriter.stream(file, all, Map.of("format", "pt"));
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
