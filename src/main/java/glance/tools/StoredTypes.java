package glance.tools;

import glance.api.RequestException;
import glance.io.HostFloats;
import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.block.BlockFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which type each tensor of a model is stored in, as the public tools choose. Types of less than 16
 * bits are for the matrices of its blocks; the layers around them, by which all passes, tables,
 * embedders and convolutions stay as they are, F32 where they were quantised. Rows that are no
 * whole blocks fall back to a type that they fit.
 */
public final class StoredTypes {
    /** A numbered block or layer in the names of diffusers, of the authors and of llama.cpp. */
    private static final Pattern BLOCK =
            Pattern.compile("(.*\\.)?(\\w*(block|layer)s?|blk)\\.\\d+\\..*\\.weight");

    /** Tables and embedders that lie in a block: the position bias of T5, those of DiT's norms. */
    private static final Pattern TABLE =
            Pattern.compile("(.*\\.)?(relative_attention_bias|attn_rel_b|emb|\\w*embed\\w*)\\..*");

    /** As many numbers are not worth their scales. */
    private static final int SMALL = 1024;

    private final DType wanted;
    private final boolean gguf;

    /**
     * @param wanted null for the tensors' own
     */
    private StoredTypes(DType wanted, boolean gguf) {
        this.wanted = wanted;
        this.gguf = gguf;
    }

    /**
     * Types for a file.
     *
     * @param name of the type that is asked for, in any case; null for the default
     * @param gguf whether it is a GGUF file
     * @param plain whether all of the source is F32, BF16 or F16
     * @throws RequestException if such a file has no such type
     */
    static StoredTypes of(String name, boolean gguf, boolean plain) {
        if (name == null) {
            return new StoredTypes(gguf ? DType.Q8_0 : plain ? null : DType.BF16, gguf);
        }
        List<DType> known =
                Arrays.stream(DType.values())
                        .filter(
                                dtype ->
                                        HostFloats.supports(dtype)
                                                || (gguf
                                                        ? BlockFormat.isWritten(dtype)
                                                        : dtype == DType.F8_E4M3))
                        .toList();
        DType wanted =
                known.stream()
                        .filter(dtype -> dtype.name().equalsIgnoreCase(name))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new RequestException(
                                                "type "
                                                        + name
                                                        + ": a "
                                                        + (gguf ? "GGUF" : "safetensors")
                                                        + " file can have "
                                                        + list(known)));
        return new StoredTypes(wanted, gguf);
    }

    private static String list(List<DType> types) {
        return types.stream()
                .map(dtype -> dtype.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    /**
     * Types for the kind of file that has such a type.
     *
     * @throws RequestException if none has
     */
    public static StoredTypes of(String name) {
        boolean gguf = !name.equalsIgnoreCase(DType.F8_E4M3.name());
        return of(name, gguf, true);
    }

    /** The type of a tensor. */
    public DType of(TensorInfo tensor) {
        DType own = tensor.dtype();
        Shape shape = tensor.shape();
        if (!own.isReal() || wanted == null) {
            return own;
        }
        if (gguf && (shape.rank() < 2 || shape.numel() <= SMALL)) {
            return DType.F32;
        }
        if (HostFloats.supports(wanted)) {
            return wanted;
        }
        if (!isOfBlock(tensor)) {
            return own;
        }
        return fitting(wanted, shape.dim(1));
    }

    /** Whether a tensor has another type than matrices of its kind, because its rows do not fit. */
    boolean isFallback(TensorInfo tensor) {
        return wanted != null
                && wanted.isQuantised()
                && isOfBlock(tensor)
                && fitting(wanted, tensor.shape().dim(1)) != wanted;
    }

    private static boolean isOfBlock(TensorInfo tensor) {
        return tensor.shape().rank() == 2
                && tensor.shape().numel() > SMALL
                && BLOCK.matcher(tensor.name()).matches()
                && !TABLE.matcher(tensor.name()).matches();
    }

    private static DType fitting(DType wanted, int row) {
        if (row % wanted.blockElements() == 0) {
            return wanted;
        }
        return switch (wanted) {
            case Q4_K -> fitting(DType.Q5_0, row);
            case Q6_K -> fitting(DType.Q8_0, row);
            default -> DType.F16;
        };
    }

    /** What {@code general.file_type} of GGUF says of files that are mostly of this type. */
    int fileType() {
        return switch (wanted) {
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q4_K -> 14; // all of it, which llama.cpp calls Q4_K_S
            case Q6_K -> 18;
            case BF16 -> 32;
            default -> 0;
        };
    }
}
