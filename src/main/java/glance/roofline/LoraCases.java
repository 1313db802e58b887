package glance.roofline;

import glance.backend.MathLibrary;
import glance.cases.LinearCase;
import glance.tensor.DType;
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
        int mlp = scale.width(Shapes.MLP);
        return TOKENS.stream()
                .map(scale::count)
                .flatMap(
                        tokens ->
                                IntStream.of(hidden, mlp)
                                        .mapToObj(out -> LinearCases.product(tokens, hidden, out)))
                .flatMap(LoraCases::group);
    }

    private static Stream<KernelCase> group(LinearCase product) {
        Stream<KernelCase> plain =
                Stream.of(
                        LinearCases.forward("lora.plain", product)
                                .beside(MathLibrary.CUBLAS.variant()),
                        LinearCases.forward("lora.merged", product));
        return Stream.concat(plain, RANKS.stream().flatMap(rank -> adapted(product, rank)))
                .map(kernel -> kernel.in(LinearCases.name("lora", product)));
    }

    private static Stream<KernelCase> adapted(LinearCase product, int rank) {
        LinearCase adapted = product.withLora(rank, DType.BF16);
        return Stream.of(
                KernelCase.of(LinearCases.name("lora.unfused.r" + rank, product), adapted::unfused)
                        .of(LinearCases.OPERATION),
                LinearCases.forward("lora.fused.r" + rank, adapted));
    }
}
