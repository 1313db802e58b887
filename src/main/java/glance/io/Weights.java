package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** All tensors of one component. */
public abstract class Weights implements AutoCloseable {
    /** What a transformer has before its names in files of ComfyUI. */
    public static final List<String> TRANSFORMER_PREFIXES =
            List.of("model.diffusion_model.", "diffusion_model.", "net.");

    /** What an autoencoder has before its names in a checkpoint of all parts. */
    public static final List<String> AUTOENCODER_PREFIXES = List.of("vae.", "first_stage_model.");

    Weights() {}

    /**
     * Opens a safetensors or GGUF file, or a component folder that holds {@code
     * diffusion_pytorch_model.safetensors}, {@code model.safetensors}, or shards with one {@code
     * *.safetensors.index.json}; where these are missing, those of a variant such as {@code
     * model.fp16.safetensors}, or the only GGUF file.
     *
     * @throws FormatException if nothing of the kind is there, or a file is damaged
     */
    public static Weights open(Path fileOrFolder) {
        return ScaledWeights.of(WeightFiles.read(fileOrFolder));
    }

    /** Whether weights belong into a folder: it has a config.json, or weights of any format. */
    public static boolean belongIn(Path folder) {
        return WeightFolder.isHomeOf(folder);
    }

    /**
     * The files of weights that {@link #open} would read in a folder with these names; none if
     * there are no such weights.
     */
    public static List<String> chosen(List<String> names) {
        return WeightFolder.chosen(names);
    }

    /**
     * Names of files that {@link #open} would ask for in a folder and that are not there.
     *
     * @throws FormatException if the folder holds no weights that are read, or a damaged index
     */
    public static List<String> missing(Path folder) {
        return WeightFolder.missing(folder);
    }

    /**
     * Weights that nobody trained, for measurements: every matrix that is asked for exists, with
     * normal values of standard deviation 0.02, every vector named {@code *weight} is ones, every
     * other one zeros. All share one block of memory, so a model of any size fits.
     *
     * @param source for messages
     * @param dtype F32 or BF16
     */
    public static Weights random(Path source, DType dtype) {
        return random(source, dtype, TensorInfo::dtype);
    }

    /**
     * The same with other types for some, whose values are zeros: to count their memory.
     *
     * @param types of each tensor that is asked for, which comes as one of {@code dtype}
     */
    public static Weights random(Path source, DType dtype, Function<TensorInfo, DType> types) {
        return new RandomWeights(source, dtype, types);
    }

    /**
     * Rows {@code [begin, begin + count)} of a tensor.
     *
     * @param tensor its name in the file
     * @param begin first row, counting from 0
     * @param count number of rows
     */
    public record Rows(String tensor, int begin, int count) {
        /** All of a tensor. */
        public static Rows of(TensorInfo info) {
            return new Rows(info.name(), 0, info.shape().rank() == 0 ? 1 : info.shape().dim(0));
        }
    }

    /**
     * The same file under other names, each for rows of a tensor or for rows of several in turn.
     * Rows in one piece are read where they lie; others are joined when they are asked for, in F32
     * if they are floats of unlike types. Closing the view closes these weights.
     *
     * @throws FormatException if there are no such rows, those of one name do not fit together, or
     *     a quantised block lies across their end
     */
    public final Weights view(Map<String, List<Rows>> names) {
        return new WeightsView(this, names);
    }

    /**
     * The same tensors with other values, which are made when they are asked for.
     *
     * @param dtypes the new element type of each
     * @param data as {@link #data}, of that type, for a tensor of these weights
     */
    public final Weights changed(
            Function<TensorInfo, DType> dtypes, Function<TensorInfo, ByteBuffer> data) {
        return new ChangedWeights(this, dtypes, data);
    }

    /**
     * The tensors whose names begin with the first of some prefixes that any has, without it, or
     * these weights if none has one. Closing the view closes these weights.
     */
    public final Weights under(List<String> prefixes) {
        String prefix = prefix(prefixes);
        return prefix.isEmpty() ? this : under(prefix);
    }

    /** The first of some prefixes that the name of any tensor begins with; empty if none is. */
    public final String prefix(List<String> prefixes) {
        return prefixes.stream()
                .filter(prefix -> tensors().keySet().stream().anyMatch(n -> n.startsWith(prefix)))
                .findFirst()
                .orElse("");
    }

    /** Whether the name of any tensor begins with one of some prefixes. */
    public final boolean has(List<String> prefixes) {
        return !prefix(prefixes).isEmpty();
    }

    private Weights under(String prefix) {
        Map<String, List<Rows>> names = new LinkedHashMap<>();
        tensors()
                .forEach(
                        (name, info) -> {
                            if (name.startsWith(prefix)) {
                                names.put(name.substring(prefix.length()), List.of(Rows.of(info)));
                            }
                        });
        return view(names);
    }

    /**
     * What a transformer reads: without the prefix that files of ComfyUI have before its names, and
     * without the parts that a whole checkpoint has beside it.
     */
    public final Weights transformer() {
        return under(TRANSFORMER_PREFIXES);
    }

    /**
     * The same values in plain floats: what is F32, BF16 or F16 without a scale stays as it is, all
     * other numbers are F32, which {@link #data} makes of a tensor when it is asked for. These
     * weights if all stay. Closing either closes both.
     */
    public final Weights expanded() {
        return ChangedWeights.expanded(this);
    }

    /** All tensors by name, in file order, shard after shard; of random ones those asked for. */
    public abstract Map<String, TensorInfo> tensors();

    /**
     * The tensor of a name, or null if there is none.
     *
     * @param wanted the shape that the caller expects; that of the answer may be another
     */
    public TensorInfo find(String name, Shape wanted) {
        return tensors().get(name);
    }

    /**
     * The data of one tensor, as {@link TensorFile#data}.
     *
     * @throws IllegalArgumentException if there is no such tensor
     */
    public abstract ByteBuffer data(String name);

    /** How the values of a tensor come out of the stored ones; mostly {@link Scaling#NONE}. */
    public Scaling scaling(String name) {
        return Scaling.NONE;
    }

    /** A tensor as it is in the file; see {@link #data} and {@link #scaling}. */
    public HostTensor tensor(String name) {
        ByteBuffer data = data(name);
        TensorInfo info = tensors().get(name);
        return new HostTensor(info.dtype(), info.shape(), data);
    }

    /**
     * Finds out whether a tensor of a type is small enough to be held in one piece.
     *
     * @throws FormatException naming the tensor, if it is not
     */
    public final void requireRoom(String name, DType dtype, Shape shape, String remedy) {
        long bytes = dtype.bytes(shape.numel());
        if (bytes > Integer.MAX_VALUE) {
            throw new FormatException(
                    source(),
                    name,
                    "is "
                            + bytes
                            + " bytes in "
                            + dtype
                            + ", over the limit of 2 GiB for one tensor",
                    remedy);
        }
    }

    /** The files: one, or the shards in the order of their names; of random none. */
    public List<TensorFile> files() {
        return List.of();
    }

    /** The header strings; of shards, those of the first that has the key. */
    public abstract Map<String, String> metadata();

    /** The file that was opened, for messages: the weights or the index. */
    public abstract Path source();

    /**
     * Why these are weights that the engine does not read yet: they are quantised, or named as
     * other programs name them. Null if nothing speaks for that.
     */
    public final FormatException foreign() {
        FormatException unread = unread();
        return unread != null ? unread : ForeignWeights.layout(source(), tensors());
    }

    /** Why the values of these weights cannot be read: they are quantised. Null if they can. */
    FormatException unread() {
        return ForeignWeights.quantised(source(), tensors());
    }

    /**
     * Why the values of these weights are not their own: a tensor is quantised or has a scale. Null
     * if none is.
     */
    public final FormatException quantised() {
        for (TensorInfo info : tensors().values()) {
            boolean scaled = scaling(info.name()) != Scaling.NONE;
            if (scaled || info.dtype().isQuantised()) {
                return new FormatException(
                        source(),
                        info.name(),
                        "is quantised (" + info.dtype() + (scaled ? " with a scale)" : ")"),
                        "make plain floats of it first: glance-engine convert");
            }
        }
        return unread();
    }

    /** Closes all files. */
    @Override
    public abstract void close();
}
