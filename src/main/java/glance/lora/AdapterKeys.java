package glance.lora;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What an adapter file says by itself, before any model is known.
 *
 * @param entries the adapted modules, in file order
 * @param others keys that belong to no adapted module
 * @param remarks what the user should know about alpha; mostly nothing
 */
public record AdapterKeys(List<Entry> entries, List<String> others, List<String> remarks) {
    public AdapterKeys {
        entries = List.copyOf(entries);
        others = List.copyOf(others);
        remarks = List.copyOf(remarks);
    }

    /**
     * One adapted module.
     *
     * @param module its name in the file, with any prefix
     * @param parts its tensors
     * @param rank inner dimension; 0 where there is none
     * @param alpha numerator of the scale; equals the rank where there is none; the scale itself
     *     where there is no rank
     * @param keys all keys of the file that belong to it
     */
    public record Entry(
            String module, Map<Role, TensorInfo> parts, int rank, float alpha, List<String> keys) {
        /** What it changes. */
        public Update update(SafetensorsFile file) {
            LoraPair pair =
                    has(Role.DOWN)
                            ? new LoraPair(
                                    matrix(file, parts.get(Role.DOWN)),
                                    matrix(file, parts.get(Role.UP)),
                                    alpha)
                            : null;
            return new Update(
                    pair,
                    full(info -> matrix(file, info)),
                    has(Role.MAGNITUDE) ? vector(file, parts.get(Role.MAGNITUDE), 1) : null,
                    bias() == null
                            ? null
                            : vector(file, bias(), has(Role.UP_BIAS) ? pair.scale() : 1));
        }

        private boolean has(Role role) {
            return parts.containsKey(role);
        }

        private TensorInfo bias() {
            return parts.getOrDefault(Role.UP_BIAS, parts.get(Role.DIFF_BIAS));
        }

        private FullRank full(Function<TensorInfo, HostTensor> tensor) {
            if (has(Role.HADA_W1_A)) {
                return new FullRank.Hadamard(
                        tensor.apply(parts.get(Role.HADA_W1_A)),
                        tensor.apply(parts.get(Role.HADA_W1_B)),
                        tensor.apply(parts.get(Role.HADA_W2_A)),
                        tensor.apply(parts.get(Role.HADA_W2_B)),
                        scale());
            }
            if (has(Role.LOKR_W1) || has(Role.LOKR_W1_A)) {
                return new FullRank.Kronecker(
                        factor(tensor, Role.LOKR_W1, Role.LOKR_W1_A, Role.LOKR_W1_B),
                        factor(tensor, Role.LOKR_W2, Role.LOKR_W2_A, Role.LOKR_W2_B),
                        scale());
            }
            return has(Role.DIFF)
                    ? new FullRank.Difference(tensor.apply(parts.get(Role.DIFF)))
                    : null;
        }

        private List<HostTensor> factor(Function<TensorInfo, HostTensor> tensor, Role... roles) {
            return Stream.of(roles).filter(this::has).map(parts::get).map(tensor).toList();
        }

        private float scale() {
            return rank == 0 ? alpha : alpha / rank;
        }

        /** As in the file, or if no device computes with its dtype, in one that holds it. */
        private static HostTensor matrix(SafetensorsFile file, TensorInfo info) {
            HostTensor stored =
                    new HostTensor(
                            info.dtype(), Update.matrix(info.shape()), file.data(info.name()));
            return switch (info.dtype()) {
                case F8_E4M3, F8_E5M2 -> cast(stored, DType.BF16);
                case F64 -> cast(stored, DType.F32);
                default -> stored;
            };
        }

        private static HostTensor cast(HostTensor tensor, DType dtype) {
            return HostFloats.tensor(dtype, tensor.shape(), HostFloats.read(tensor));
        }

        private static HostTensor vector(SafetensorsFile file, TensorInfo info, float scale) {
            float[] values = HostFloats.times(matrix(file, info), scale);
            return HostFloats.tensor(DType.F32, Shape.of(values.length), values);
        }
    }

    /**
     * Sorts the keys of a file.
     *
     * @throws FormatException naming file and key, if a module lacks one of its matrices or has one
     *     twice, the two do not fit each other, an alpha is malformed, or the file holds an adapter
     *     of an unsupported kind
     */
    public static AdapterKeys read(SafetensorsFile file) {
        return read(
                file,
                problem -> {
                    throw problem;
                });
    }

    /**
     * As {@link #read(SafetensorsFile)}, to look at a file: what cannot be used is among the other
     * keys, with nothing thrown.
     *
     * @param problems hears why the file cannot be used
     */
    public static AdapterKeys read(SafetensorsFile file, Consumer<FormatException> problems) {
        return new AdapterKeyReader(file, problems).read();
    }
}
