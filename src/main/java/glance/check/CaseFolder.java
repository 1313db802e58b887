package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.FormatException;
import glance.io.Config;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A case on disk: case.json, recorded tensors, and the results gathered against them. */
final class CaseFolder implements AutoCloseable {
    private final Path path;
    private final JsonNode json;
    private final SafetensorsFile tensors; // null if the case records everything in its JSON
    private final List<CheckReport.Row> rows = new ArrayList<>();

    CaseFolder(Path path) {
        this.path = path;
        Path file = path.resolve("case.json");
        if (!Files.isRegularFile(file)) {
            throw new FormatException(
                    path, null, "no case.json in it", "give a folder that holds a recorded case");
        }
        try {
            json = new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new FormatException(file, null, "not readable as JSON", null, e);
        }
        Path recorded = path.resolve("case.safetensors");
        tensors = Files.exists(recorded) ? SafetensorsFile.open(recorded) : null;
    }

    Path path() {
        return path;
    }

    /** The content of case.json. */
    JsonNode json() {
        return json;
    }

    /** A value of case.json that must be there. */
    JsonNode required(String key) {
        if (!json.hasNonNull(key)) {
            throw new FormatException(path.resolve("case.json"), key, "missing", null);
        }
        return json.get(key);
    }

    /**
     * The weights in a component's folder: the file that the case names, or those of the folder.
     */
    Path weights(Path home) {
        return json.hasNonNull("file") ? home.resolve(json.get("file").asText()) : home;
    }

    double tolerance() {
        return required("tolerance").asDouble();
    }

    /** config.json beside the case. */
    Config config() {
        return Config.read(path.resolve("config.json"));
    }

    boolean has(String name) {
        return tensors != null && tensors.tensors().containsKey(name);
    }

    /** Number of axes of a recorded tensor. */
    int rank(String name) {
        return info(name).shape().rank();
    }

    /** Names of all recorded tensors. */
    Set<String> names() {
        return tensors == null ? Set.of() : tensors.tensors().keySet();
    }

    private TensorInfo info(String name) {
        if (!has(name)) {
            throw new FormatException(path.resolve("case.safetensors"), name, "missing", null);
        }
        return tensors.tensors().get(name);
    }

    /** A recorded F32 tensor, on the device. */
    Tensor tensor(Ops ops, String name) {
        TensorInfo info = info(name);
        if (info.dtype() != DType.F32) {
            throw new FormatException(
                    path.resolve("case.safetensors"),
                    name,
                    "expected F32, got " + info.dtype(),
                    null);
        }
        return ops.host().upload(DType.F32, info.shape(), tensors.data(name));
    }

    /** Recorded F32 values. */
    FloatBuffer floats(String name) {
        info(name);
        return tensors.data(name).asFloatBuffer();
    }

    /** The same as an array. */
    float[] values(String name) {
        FloatBuffer buffer = floats(name);
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    /** Recorded I64 values as rows of the last dimension. */
    List<int[]> integerRows(String name) {
        TensorInfo info = info(name);
        int width = info.shape().dim(-1);
        ByteBuffer data = tensors.data(name);
        List<int[]> result = new ArrayList<>();
        for (int row = 0; row < info.shape().numel() / width; row++) {
            int[] values = new int[width];
            for (int i = 0; i < width; i++) {
                values[i] = (int) data.getLong(8 * (row * width + i));
            }
            result.add(values);
        }
        return result;
    }

    /** Compares a tensor with the recorded one, at the case's tolerance. */
    void compare(String name, Ops ops, Tensor got) {
        compare(name, ops.host().floats(ops.contiguous(got)), floats(name), tolerance());
    }

    /** Compares values with wanted ones. */
    void compare(String name, FloatBuffer got, FloatBuffer want, double tolerance) {
        rows.add(new CheckReport.Row(name, relativeError(got, want), tolerance));
    }

    /** Adds a result by name. */
    void add(String name, double error, double tolerance) {
        rows.add(new CheckReport.Row(name, error, tolerance));
    }

    CheckReport report(String component) {
        return new CheckReport(path.getFileName().toString(), component, List.copyOf(rows));
    }

    /**
     * {@code max |got - want| / max |want|}; infinite where sizes differ or a value is not finite.
     */
    static double relativeError(FloatBuffer got, FloatBuffer want) {
        if (got.remaining() != want.remaining()) {
            return Double.POSITIVE_INFINITY;
        }
        double difference = 0;
        double scale = Float.MIN_NORMAL;
        for (int i = 0; i < want.remaining(); i++) {
            double wanted = want.get(want.position() + i);
            double error = Math.abs(got.get(got.position() + i) - wanted);
            if (!(error <= Double.MAX_VALUE)) {
                return Double.POSITIVE_INFINITY;
            }
            difference = Math.max(difference, error);
            scale = Math.max(scale, Math.abs(wanted));
        }
        return difference / scale;
    }

    @Override
    public void close() {
        if (tensors != null) {
            tensors.close();
        }
    }
}
