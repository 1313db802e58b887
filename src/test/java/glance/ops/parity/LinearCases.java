package glance.ops.parity;

import static glance.ops.parity.LinearCases.Part.BIAS;
import static glance.ops.parity.LinearCases.Part.GATE;
import static glance.ops.parity.LinearCases.Part.RESIDUAL;
import static glance.ops.parity.LinearCases.Part.SCALES;
import static glance.ops.parity.LinearCases.Part.SHARED_GATE;
import static glance.ops.parity.LinearCases.Part.STRIDED;
import static glance.ops.parity.LinearCases.Part.UPLOADED;

import glance.formula.LinearFormula;
import glance.formula.Values;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** {@link Ops#linear}. */
final class LinearCases {
    static final List<DType> WEIGHTS =
            Arrays.stream(DType.values()).filter(DType::isFloating).toList();

    private static final float LORA_SCALE = 0.75f;

    enum Part {
        BIAS,
        /** One gate per sample, a slice of a wider tensor as a modulation gives it. */
        GATE,
        /** One gate for all samples, likewise. */
        SHARED_GATE,
        RESIDUAL,
        /** x and the residual are parts of longer sequences. */
        STRIDED,
        /** The weight was written to the device, not adopted. */
        UPLOADED,
        /** Each rank of the adapter has a scale of its own. */
        SCALES
    }

    /** x [batch, seqLen, in], weight [out, in]; rank 0 without LoRA. */
    private record Spec(
            DType weight,
            int batch,
            int seqLen,
            int in,
            int out,
            Set<Part> parts,
            Activation activation,
            int rank,
            DType lora) {
        Spec(DType weight, int batch, int seqLen, int in, int out, Part... parts) {
            this(weight, batch, seqLen, in, out, set(parts), Activation.NONE, 0, null);
        }

        Spec with(Activation other) {
            return new Spec(weight, batch, seqLen, in, out, parts, other, rank, lora);
        }

        Spec withLora(int size, DType dtype) {
            return new Spec(weight, batch, seqLen, in, out, parts, activation, size, dtype);
        }

        OpCase toCase() {
            String name =
                    String.format(
                            "linear %s [%d, %d, %d] to %d %s",
                            weight, batch, seqLen, in, out, parts);
            if (activation != Activation.NONE) {
                name += " " + activation;
            }
            if (rank > 0) {
                name += " lora " + lora + " rank " + rank;
            }
            return new OpCase(name, inputs -> trial(inputs, this));
        }
    }

    private LinearCases() {}

    /**
     * What the tensor core kernels of a GPU take (whole vectors of 8 along the depth), around the
     * edges of their tiles of 64 and 128 and of their slices of 32 and 64. In BF16 these run
     * through both tiles: the emulated GPU has 4 multiprocessors, so that 4 large tiles are enough.
     */
    private static List<Spec> tensorCores() {
        List<Spec> specs = new ArrayList<>();
        DType bf16 = DType.BF16;
        for (int in : new int[] {8, 32, 40, 72, 136}) {
            specs.add(new Spec(bf16, 1, 130, in, 136, BIAS));
            specs.add(new Spec(bf16, 1, 65, in, 72, BIAS));
        }
        for (int out : new int[] {1, 7, 63, 64, 65}) {
            specs.add(new Spec(bf16, 1, 5, 40, out, RESIDUAL));
            specs.add(new Spec(bf16, 1, 130, 40, out + 129, BIAS, RESIDUAL));
        }
        for (int seqLen : new int[] {63, 64, 65, 129, 257}) {
            specs.add(new Spec(bf16, 2, seqLen, 72, 136, GATE, RESIDUAL, STRIDED));
        }
        for (int rank : new int[] {1, 16, 20, 32, 40, 128}) {
            for (DType factors : List.of(bf16, DType.F32)) {
                specs.add(new Spec(bf16, 2, 65, 72, 136, BIAS).withLora(rank, factors));
                specs.add(new Spec(bf16, 2, 17, 136, 70, STRIDED).withLora(rank, factors));
            }
        }
        for (Activation activation : Activation.values()) {
            specs.add(new Spec(bf16, 2, 9, 40, 48, BIAS).with(activation));
            specs.add(
                    new Spec(bf16, 2, 65, 40, 136, BIAS, GATE, RESIDUAL)
                            .with(activation)
                            .withLora(16, bf16));
        }
        specs.add(new Spec(bf16, 3, 43, 24, 136, SHARED_GATE, RESIDUAL));
        return specs;
    }

    private static Set<Part> set(Part... parts) {
        Set<Part> set = EnumSet.noneOf(Part.class);
        set.addAll(List.of(parts));
        return set;
    }

    static Stream<OpCase> cases() {
        List<Spec> specs = new ArrayList<>();
        for (DType dtype : WEIGHTS) {
            for (int t : Sizes.TILES) {
                specs.add(new Spec(dtype, 1, t - 1, t, t + 1));
                specs.add(new Spec(dtype, 1, t, t + 1, t - 1, BIAS));
                specs.add(new Spec(dtype, 1, t + 1, t - 1, t, RESIDUAL));
            }
            specs.add(new Spec(dtype, 1, 1, 1, 1, BIAS));
            specs.add(new Spec(dtype, 1, 1, 113, 203, BIAS));
            specs.add(new Spec(dtype, 2, 113, 203, 1, BIAS));
            specs.add(new Spec(dtype, 2, 17, 203, 113, BIAS, GATE, RESIDUAL, STRIDED));
            for (int rank : new int[] {1, 4, 32, 33}) {
                Spec spec = new Spec(dtype, 2, 9, 65, 47, BIAS, STRIDED);
                specs.add(spec.withLora(rank, DType.F32));
                specs.add(spec.withLora(rank, DType.BF16));
            }
        }
        for (Activation activation : Activation.values()) {
            specs.add(new Spec(DType.BF16, 2, 9, 33, 31, BIAS).with(activation));
            specs.add(new Spec(DType.F32, 2, 9, 3, 67, GATE, RESIDUAL).with(activation));
        }
        specs.add(new Spec(DType.F32, 2, 5, 24, 24, SHARED_GATE, RESIDUAL));
        specs.add(new Spec(DType.BF16, 3, 5, 24, 24, SHARED_GATE));
        specs.add(new Spec(DType.BF16, 2, 5, 24, 24, GATE));
        specs.add(new Spec(DType.F32, 2, 17, 203, 113, UPLOADED, BIAS));
        specs.add(new Spec(DType.F32, 2, 17, 33, 113, UPLOADED).withLora(4, DType.F32));
        specs.add(
                new Spec(DType.BF16, 2, 17, 64, 65, BIAS, GATE, RESIDUAL, STRIDED)
                        .with(Activation.SILU)
                        .withLora(4, DType.BF16));
        for (int rank : new int[] {1, 4, 33, 129}) {
            specs.add(new Spec(DType.F32, 2, 9, 65, 47, SCALES).withLora(rank, DType.F32));
            specs.add(new Spec(DType.BF16, 2, 65, 72, 136, SCALES).withLora(rank, DType.BF16));
            specs.add(new Spec(DType.BF16, 1, 1, 72, 40, SCALES).withLora(rank, DType.BF16));
        }
        specs.addAll(tensorCores());
        Stream<OpCase> ranks =
                Stream.of(new int[] {37}, new int[] {5, 37}, new int[] {2, 3, 5, 37})
                        .map(LinearCases::ofRank);
        return Stream.concat(specs.stream().map(Spec::toCase), ranks);
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                        new Spec(DType.BF16, 1, 300, 400, 500, BIAS),
                        new Spec(DType.F32, 1, 300, 400, 500).withLora(16, DType.BF16),
                        new Spec(DType.F8_E4M3, 1, 1, 400, 3000, BIAS))
                .map(Spec::toCase);
    }

    private static Trial trial(Inputs inputs, Spec spec) {
        Set<Part> parts = spec.parts;
        int longer = parts.contains(STRIDED) ? spec.seqLen + 5 : spec.seqLen;
        Operand x =
                inputs.activation(spec.batch, longer, spec.in)
                        .narrow(1, longer - spec.seqLen, spec.seqLen);
        Operand weight =
                parts.contains(UPLOADED)
                        ? inputs.floats(spec.out, spec.in)
                        : inputs.weight(spec.weight, spec.out, spec.in);
        Operand bias = parts.contains(BIAS) ? inputs.weight(spec.weight, spec.out) : null;
        Operand residual =
                parts.contains(RESIDUAL)
                        ? inputs.activation(spec.batch, longer, spec.out).narrow(1, 0, spec.seqLen)
                        : null;
        Operand gate = null;
        if (parts.contains(GATE) || parts.contains(SHARED_GATE)) {
            int samples = parts.contains(GATE) ? spec.batch : 1;
            gate = inputs.floats(samples, 6 * spec.out).narrow(1, 2 * spec.out, spec.out);
        }
        Operand a = spec.rank == 0 ? null : inputs.weight(spec.lora, spec.rank, spec.in);
        Operand b = spec.rank == 0 ? null : inputs.weight(spec.lora, spec.out, spec.rank);
        Operand scales = parts.contains(SCALES) ? inputs.weight(DType.F32, spec.rank) : null;
        LowRank lora =
                spec.rank == 0
                        ? null
                        : new LowRank(a.tensor(), b.tensor(), LORA_SCALE, Operand.tensorOf(scales));
        Epilogue epilogue =
                new Epilogue(spec.activation, Operand.tensorOf(gate), Operand.tensorOf(residual));
        Op.Linear op =
                new Op.Linear(
                        x.tensor(), weight.tensor(), Operand.tensorOf(bias), lora, epilogue, null);
        return trial(inputs, op, Operand.values(x, weight, bias, a, b, scales, gate, residual));
    }

    private static Trial trial(Inputs inputs, Op.Linear op, Values values) {
        int[] dims = op.x().shape().dims();
        dims[dims.length - 1] = op.weight().dim(0);
        return Trial.of(
                () -> inputs.ops().linear(op.x(), op.weight(), op.bias(), op.lora(), op.epilogue()),
                LinearFormula.of(op, values),
                dims);
    }

    /** The same product on x of another rank. */
    private static OpCase ofRank(int... dims) {
        return new OpCase(
                "linear BF16 on x " + Arrays.toString(dims),
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand weight = inputs.weight(DType.BF16, 11, 37);
                    int[] result = dims.clone();
                    result[dims.length - 1] = 11;
                    Operand residual = inputs.activation(result);
                    Op.Linear op =
                            new Op.Linear(
                                    x.tensor(),
                                    weight.tensor(),
                                    null,
                                    null,
                                    Epilogue.add(residual.tensor()),
                                    null);
                    return trial(inputs, op, Operand.values(x, weight, residual));
                });
    }
}
