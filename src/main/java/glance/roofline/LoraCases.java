package glance.roofline;

import glance.backend.MathLibrary;
import glance.formula.Arithmetic;
import glance.formula.LinearFormula;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What an adapter costs, over the same product without one: merged (one product, another weight),
 * unfused (the product; S = x A^T; y + S B^T, as the mainstream engines do at best), fused.
 */
final class LoraCases {
    static final List<Integer> RANKS = List.of(16, 32, 64);
    private static final List<Integer> TOKENS = List.of(1024, 4096, 16384);

    private LoraCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int hidden = scale.width(Shapes.HIDDEN);
        return TOKENS.stream()
                .map(scale::count)
                .flatMap(
                        tokens ->
                                IntStream.of(hidden, scale.width(Shapes.MLP))
                                        .mapToObj(
                                                out ->
                                                        new LinearCases.Product(
                                                                tokens, hidden, out)))
                .flatMap(LoraCases::group);
    }

    private static Stream<KernelCase> group(LinearCases.Product product) {
        String group = "lora." + product;
        Stream<KernelCase> plain =
                Stream.of(
                        KernelCase.of("lora.plain." + product, product::plain)
                                .beside(MathLibrary.CUBLAS.variant()),
                        KernelCase.of("lora.merged." + product, product::plain));
        Stream<KernelCase> adapted =
                RANKS.stream()
                        .flatMap(
                                rank ->
                                        Stream.of(
                                                KernelCase.of(
                                                        "lora.unfused.r" + rank + "." + product,
                                                        from -> unfused(from, product, rank)),
                                                KernelCase.of(
                                                        "lora.fused.r" + rank + "." + product,
                                                        from -> product.fused(from, rank))));
        return Stream.concat(plain, adapted)
                .map(kernel -> kernel.in(group).of(LinearCases.OPERATION));
    }

    /** Three launches; the strength is in B already, as a good implementation would have it. */
    private static Call unfused(Arguments from, LinearCases.Product product, int rank) {
        LowRank lora = product.lowRank(from, rank);
        Tensor x = from.activation(1, product.tokens(), product.in());
        Tensor weight = from.weight(product.out(), product.in());
        Tensor y = from.result(1, product.tokens(), product.out());
        Tensor plain = from.between(1, product.tokens(), product.out());
        Tensor low = from.between(1, product.tokens(), rank);
        Epilogue none = Epilogue.none();
        List<Op> ops =
                List.of(
                        new Op.Linear(x, weight, null, null, none, plain),
                        new Op.Linear(x, lora.a(), null, null, none, low),
                        new Op.Linear(low, lora.b(), null, null, Epilogue.add(plain), y));
        double flop =
                product.flop() + 2.0 * product.tokens() * rank * (product.in() + product.out());
        Op.Linear fused = new Op.Linear(x, weight, null, lora, none, y);
        return Call.of(ops, y, flop, LinearFormula.of(fused, from::numbers).in(Arithmetic.exact()));
    }
}
