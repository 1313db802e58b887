package glance.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.io.TensorInfo;
import glance.lora.LoraMerge;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes a checkpoint again with adapters in its weights: the same files, shard by shard and tensor
 * by tensor. A folder is made aside and moved into place when it is complete.
 */
final class MergedCheckpoint {
    private static final String INDEX_SUFFIX = ".safetensors.index.json";

    /** Weights in any format; those of the transformer must not be copied beside merged ones. */
    private static final Pattern WEIGHTS =
            Pattern.compile(".*\\.(safetensors|bin|pt|pth|ckpt|onnx|msgpack|h5|gguf)");

    private final Checkpoint checkpoint;
    private final Map<String, List<LoraMerge.Part>> parts;
    private final DType dtype;
    private final Work work;
    private final RoundingLoss loss;

    /**
     * @param parts what is added to each module
     * @param dtype of all real tensors, or null for their own
     */
    MergedCheckpoint(
            Checkpoint checkpoint,
            Map<String, List<LoraMerge.Part>> parts,
            DType dtype,
            Work work,
            RoundingLoss loss) {
        this.checkpoint = checkpoint;
        this.parts = parts;
        this.dtype = dtype;
        this.work = work;
        this.loss = loss;
    }

    /** Writes a file or makes a folder, as the checkpoint is one or the other. */
    void write(Path out) throws IOException {
        if (!checkpoint.isFolder()) {
            writeFile(checkpoint.weights().files().get(0), out);
            return;
        }
        Path aside = out.resolveSibling(".glance-" + UUID.randomUUID() + ".part");
        try {
            writeFolder(aside);
            Files.move(aside, out);
        } finally {
            delete(aside);
        }
    }

    private void writeFolder(Path target) throws IOException {
        Path source = checkpoint.path();
        List<Path> files;
        try (Stream<Path> tree = Files.walk(source, FileVisitOption.FOLLOW_LINKS)) {
            files = tree.filter(Files::isRegularFile).filter(f -> isPart(source, f)).toList();
        }
        Files.createDirectory(target);
        for (Path file : files) {
            Path copy = target.resolve(source.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            if (!file.startsWith(checkpoint.component())) {
                work.checkStop();
                Files.copy(file, copy);
            } else if (file.toString().endsWith(INDEX_SUFFIX) && dtype != null) {
                writeIndex(file, copy);
            } else if (!WEIGHTS.matcher(file.toString()).matches()) {
                Files.copy(file, copy);
            }
        }
        Path component = target.resolve(source.relativize(checkpoint.component()).toString());
        for (SafetensorsFile file : checkpoint.weights().files()) {
            writeFile(file, component.resolve(file.path().getFileName().toString()));
        }
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

    private void writeIndex(Path file, Path copy) throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode index = json.readTree(file.toFile());
        if (index.path("metadata") instanceof ObjectNode metadata && metadata.has("total_size")) {
            long bytes = 0;
            for (TensorInfo info : checkpoint.weights().tensors().values()) {
                bytes += stored(info).bytes(info.shape().numel());
            }
            metadata.put("total_size", bytes);
        }
        json.writerWithDefaultPrettyPrinter().writeValue(copy.toFile(), index);
    }

    private void writeFile(SafetensorsFile file, Path out) {
        Map<String, SafetensorsWriter.Source> tensors = new LinkedHashMap<>();
        for (TensorInfo info : file.tensors().values()) {
            tensors.put(
                    info.name(),
                    new SafetensorsWriter.Source(
                            stored(info), info.shape(), () -> data(file, info)));
        }
        SafetensorsWriter.stream(out, tensors, file.metadata());
    }

    private DType stored(TensorInfo info) {
        return dtype != null && HostFloats.supports(info.dtype()) ? dtype : info.dtype();
    }

    private ByteBuffer data(SafetensorsFile file, TensorInfo info) {
        work.next(info.name());
        HostTensor tensor = new HostTensor(info.dtype(), info.shape(), file.data(info.name()));
        if (Checkpoint.isModule(info)) {
            String module = Checkpoint.module(info.name());
            List<LoraMerge.Part> adapters = parts.get(module);
            if (adapters != null) {
                return merge(file, module, tensor, adapters, stored(info));
            }
        }
        return stored(info) == info.dtype()
                ? tensor.data()
                : HostFloats.tensor(stored(info), info.shape(), HostFloats.read(tensor)).data();
    }

    private ByteBuffer merge(
            SafetensorsFile file,
            String module,
            HostTensor weight,
            List<LoraMerge.Part> adapters,
            DType target) {
        try {
            LoraMerge.Result result = LoraMerge.merge(module, weight, adapters, target);
            loss.add(module, result);
            return result.weight().data();
        } catch (IllegalArgumentException e) {
            throw LoraFormat.named(file.path(), e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
