package glance.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.adapter.Merge;
import glance.api.adapter.Watch;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafeWrite;
import glance.io.SafetensorsWriter;
import glance.io.TensorFile;
import glance.io.TensorInfo;
import glance.io.TensorSource;
import glance.io.Weights;
import glance.lora.LoraMerge;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes a checkpoint again with adapters in its weights: the same files, shard by shard and tensor
 * by tensor.
 */
final class MergedCheckpoint {
    private static final String INDEX_SUFFIX = ".safetensors.index.json";

    /** Weights in any format; those of a changed part must not be copied beside merged ones. */
    private static final Pattern WEIGHTS =
            Pattern.compile(".*\\.(safetensors|bin|pt|pth|ckpt|onnx|msgpack|h5|gguf)");

    private final Checkpoint checkpoint;
    private final List<Checkpoint.Part> changed;
    private final Map<String, List<LoraMerge.Part>> added;
    private final DType dtype;
    private final Pieces steps;
    private final List<Merge.Module> modules = new ArrayList<>();

    /** Those in the tensor that was made last; some are made only to be compared. */
    private final List<Merge.Module> latest = new ArrayList<>();

    /**
     * @param changed the parts to write anew; of a single file that one
     * @param added what is added to each module
     * @param dtype of all real tensors, or null for their own
     */
    MergedCheckpoint(
            Checkpoint checkpoint,
            List<Checkpoint.Part> changed,
            Map<String, List<LoraMerge.Part>> added,
            DType dtype,
            Watch watch) {
        this.checkpoint = checkpoint;
        this.changed = changed;
        this.added = added;
        this.dtype = dtype;
        this.steps =
                new Pieces(
                        watch,
                        changed.stream()
                                .flatMap(part -> part.weights().files().stream())
                                .mapToInt(file -> file.tensors().size())
                                .sum());
    }

    /**
     * Writes a file or makes a folder, as the checkpoint is one or the other.
     *
     * @return what became of each module that was merged
     */
    List<Merge.Module> write(Path out) {
        if (checkpoint.isFolder()) {
            SafeWrite.folder(out, this::writeFolder);
        } else {
            Checkpoint.Part single = changed.get(0);
            writeFile(single.weights().files().get(0), single, written(single), out);
        }
        return List.copyOf(modules);
    }

    private void writeFolder(Path target) throws IOException {
        Path source = checkpoint.path();
        List<Path> files;
        try (Stream<Path> tree = Files.walk(source, FileVisitOption.FOLLOW_LINKS)) {
            files = tree.filter(Files::isRegularFile).filter(f -> isPart(source, f)).toList();
        }
        for (Path file : files) {
            Path copy = target.resolve(source.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            Checkpoint.Part part = partOf(file);
            if (part == null) {
                steps.checkCancelled();
                Files.copy(file, copy);
            } else if (file.toString().endsWith(INDEX_SUFFIX) && dtype != null) {
                writeIndex(part, file, copy);
            } else if (!WEIGHTS.matcher(file.toString()).matches()) {
                Files.copy(file, copy);
            }
        }
        for (Checkpoint.Part part : changed) {
            Path component = target.resolve(source.relativize(part.path()).toString());
            Weights written = written(part);
            for (TensorFile file : part.weights().files()) {
                String name = file.path().getFileName().toString();
                writeFile(file, part, written, component.resolve(name));
            }
        }
    }

    /** The changed part that a file is of, or null. */
    private Checkpoint.Part partOf(Path file) {
        return changed.stream()
                .filter(part -> file.startsWith(part.path()))
                .findFirst()
                .orElse(null);
    }

    /** Version control and download caches are no part of a model. */
    private static boolean isPart(Path root, Path file) {
        for (Path name : root.relativize(file)) {
            if (name.toString().startsWith(".")) {
                return false;
            }
        }
        return true;
    }

    private void writeIndex(Checkpoint.Part part, Path file, Path copy) throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode index = json.readTree(file.toFile());
        if (index.path("metadata") instanceof ObjectNode metadata && metadata.has("total_size")) {
            long bytes = 0;
            for (TensorInfo info : part.weights().tensors().values()) {
                bytes += stored(info).bytes(info.shape().numel());
            }
            metadata.put("total_size", bytes);
        }
        json.writerWithDefaultPrettyPrinter().writeValue(copy.toFile(), index);
    }

    /** A part with adapters in it, in the names that its files have. */
    private Weights written(Checkpoint.Part part) {
        return part.names().of(part.weights().changed(this::stored, info -> data(part, info)));
    }

    /**
     * Writes the tensors of a file anew; what it has beside the part, as a whole checkpoint has, is
     * copied.
     */
    private void writeFile(TensorFile file, Checkpoint.Part part, Weights written, Path out) {
        String prefix = part.names().prefix();
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        for (TensorInfo info : file.tensors().values()) {
            String name = info.name();
            String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : "";
            TensorInfo made = written.tensors().get(bare);
            tensors.put(
                    name,
                    made == null
                            ? source(info, name, () -> file.data(name))
                            : source(made, name, () -> written.data(bare)));
        }
        SafetensorsWriter.stream(out, tensors, file.metadata());
    }

    /** A tensor that is counted, and its modules kept, when it is written. */
    private TensorSource source(TensorInfo info, String name, Supplier<ByteBuffer> data) {
        return new TensorSource(
                info.dtype(),
                info.shape(),
                () -> {
                    steps.next(name);
                    latest.clear();
                    ByteBuffer bytes = data.get();
                    modules.addAll(latest);
                    return bytes;
                });
    }

    private DType stored(TensorInfo info) {
        return dtype != null && info.dtype().isFloating() ? dtype : info.dtype();
    }

    private ByteBuffer data(Checkpoint.Part part, TensorInfo info) {
        Path file = part.weights().source();
        HostTensor tensor = part.weights().tensor(info.name());
        String module = part.module(info);
        if (changesWeight(added.get(module))) {
            return merge(file, module, tensor, added.get(module), stored(info));
        }
        List<LoraMerge.Part> biased = added.get(part.moduleOfBias(info));
        if (biased != null) {
            return Written.named(
                            file,
                            () -> LoraMerge.mergeBias(info.name(), tensor, biased, stored(info)))
                    .data();
        }
        return stored(info) == info.dtype()
                ? tensor.data()
                : HostFloats.tensor(stored(info), info.shape(), HostFloats.read(tensor)).data();
    }

    private static boolean changesWeight(List<LoraMerge.Part> parts) {
        return parts != null
                && parts.stream()
                        .map(LoraMerge.Part::update)
                        .anyMatch(update -> update.pair() != null || update.full() != null);
    }

    private ByteBuffer merge(
            Path file,
            String module,
            HostTensor weight,
            List<LoraMerge.Part> adapters,
            DType target) {
        LoraMerge.Result result =
                Written.named(file, () -> LoraMerge.merge(module, weight, adapters, target));
        latest.add(
                new Merge.Module(
                        module,
                        target.name(),
                        result.weightSquares(),
                        result.updateSquares(),
                        result.lostSquares()));
        return result.weight().data();
    }
}
