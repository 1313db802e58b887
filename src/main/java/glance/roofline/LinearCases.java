package glance.roofline;

import static glance.cases.LinearCase.Part.BIAS;
import static glance.cases.LinearCase.Part.RESIDUAL;
import static glance.cases.LinearCase.Part.SHARED_GATE;

import glance.backend.MathLibrary;
import glance.cases.LinearCase;
import glance.op.Activation;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Products of the transformer blocks: plain, with what follows them, and their gradients. */
final class LinearCases {
    static final String OPERATION = "linear";
    private static final String GRADIENT = "linear_grad";
    private static final int RANK = 32;
    private static final int PICTURES = 4;

    /** Of a picture of 512 x 512; not a whole number of tiles of the CPU device. */
    private static final int PICTURE_TOKENS = 1024;

    /** Rows of a text encoder or a modulation, where reading the weight takes the time. */
    private static final int FEW = 8;

    /** Types of weights that are read as they are stored. */
    private static final List<DType> STORED =
            List.of(DType.F8_E4M3, DType.I8, DType.Q8_0, DType.Q4_0, DType.Q4_K);

    /** Elements of the largest block of a quantised type. */
    private static final int BLOCK = 256;

    private LinearCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int qwen = scale.count(Shapes.QWEN_TOKENS);
        int flux = scale.count(Shapes.FLUX_TOKENS);
        int hidden = scale.width(Shapes.HIDDEN);
        int mlp = scale.width(Shapes.MLP);
        Stream<LinearCase> plain =
                Stream.of(
                        product(qwen, hidden, hidden),
                        product(qwen, hidden, mlp),
                        product(qwen, mlp, hidden),
                        product(flux, hidden, hidden),
                        product(flux, hidden, mlp),
                        product(flux, scale.width(Shapes.HIDDEN + Shapes.MLP), hidden),
                        product(scale.count(Shapes.QWEN_TEXT), hidden, mlp),
                        product(scale.count(Shapes.FLUX_TEXT), hidden, mlp));
        LinearCase biased = product(qwen, hidden, mlp, BIAS);
        LinearCase adapted = product(qwen, hidden, mlp).withLora(RANK, DType.BF16);
        Stream<KernelCase> alike =
                Stream.of(
                                plain.map(LinearCases::plain),
                                stored(FEW, hidden, mlp),
                                stored(qwen, hidden, mlp),
                                pictures(scale.count(PICTURE_TOKENS), hidden))
                        .flatMap(cases -> cases);
        return Stream.concat(
                alike,
                Stream.of(
                        forward("linear.bias", biased),
                        forward("linear.gelu", biased.with(Activation.GELU_TANH)),
                        forward("linear.silu", biased.with(Activation.SILU)),
                        forward(
                                "linear.gate",
                                product(qwen, mlp, hidden, BIAS, SHARED_GATE, RESIDUAL)),
                        KernelCase.of(
                                        name("linear.input.r" + RANK, adapted),
                                        a -> adapted.gradients(a, true, false).x())
                                .of(GRADIENT),
                        KernelCase.ofSeveral(
                                        name("linear.factors.r" + RANK, adapted),
                                        a -> factors(adapted.gradients(a, false, true)))
                                .of(GRADIENT)));
    }

    /** Products with weights of 8 and 4 bits. */
    private static Stream<KernelCase> stored(int tokens, int in, int out) {
        int depth = Math.max(BLOCK, in / BLOCK * BLOCK);
        return STORED.stream()
                .map(
                        type ->
                                forward(
                                        OPERATION + "." + type.name().toLowerCase(Locale.ROOT),
                                        new LinearCase(type, 1, tokens, depth, out)));
    }

    /** Pictures of a batch that share an adapter, or have one each, in turns. */
    private static Stream<KernelCase> pictures(int tokens, int hidden) {
        LinearCase batch = new LinearCase(DType.BF16, PICTURES, tokens, hidden, hidden);
        int[] each = new int[PICTURES];
        Arrays.fill(each, RANK);
        return Stream.of(
                        forward("linear.shared.r" + RANK, batch.withLora(RANK, DType.BF16)),
                        forward("linear.own.r" + RANK, batch.withLoras(DType.BF16, each)))
                .map(kernel -> kernel.in(name("linear.pictures", batch)));
    }

    private static List<Tensor> factors(TrainingOps.LinearGradients gradients) {
        return List.of(gradients.a(), gradients.b());
    }

    /** x [1, tokens, in] times a weight [out, in]. */
    static LinearCase product(int tokens, int in, int out, LinearCase.Part... parts) {
        return new LinearCase(DType.BF16, 1, tokens, in, out, parts);
    }

    static KernelCase plain(LinearCase product) {
        return forward("linear.plain", product).beside(MathLibrary.CUBLAS.variant());
    }

    static KernelCase forward(String name, LinearCase product) {
        return KernelCase.of(name(name, product), product::forward).of(OPERATION);
    }

    static String name(String name, LinearCase of) {
        return name + "." + of.seqLen() + "x" + of.in() + "x" + of.out();
    }
}
