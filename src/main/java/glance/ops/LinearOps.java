package glance.ops;

import glance.op.Activation;
import glance.op.Addition;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.Projection;
import glance.op.Rounded;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tensor.block.Hadamard;
import java.util.ArrayList;
import java.util.List;

/** Products with frozen weights, which may have a low-rank addition. */
public sealed interface LinearOps extends NormOps permits Ops {
    /** {@code x W^T + bias}: {@link #linear(Tensor, Tensor, Tensor, Addition, Epilogue)} alone. */
    default Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return linear(x, weight, bias, null, Epilogue.none());
    }

    /**
     * {@code y = residual + gate * act(x W^T + bias + scale (x A^T) diag(scales) B^T)}, in one
     * operation, so that a device can fuse it. PyTorch {@code nn.Linear} with a PEFT LoRA layer.
     *
     * @param x [..., in], packed in the last dimension; rank 3 may have any outer strides
     * @param weight [out, in], any float dtype
     * @param bias [out], or null
     * @param lora low-rank addition with a [rank, in], b [out, rank] and scales F32 [rank] or null;
     *     or one for each share of the samples (x of rank 3); or null
     * @param epilogue activation, gate [batch or 1, out] (x of rank 3), residual [..., out]
     * @return [..., out]
     */
    default Tensor linear(Tensor x, Tensor weight, Tensor bias, Addition lora, Epilogue epilogue) {
        Check.given("linear", "x", x, "epilogue", epilogue);
        return products(x, List.of(new Projection(weight, bias, lora, epilogue))).get(0);
    }

    /**
     * Several products of one x, each as {@link #linear(Tensor, Tensor, Tensor, Addition,
     * Epilogue)} has it, in one operation, so that a device can share what they have in common.
     *
     * @param x [..., in]
     * @param projections one or more
     * @return the result of each, [..., out]
     */
    default List<Tensor> linears(Tensor x, List<Projection> projections) {
        Check.given("linears", "x", x, "projections", projections);
        Check.that(!projections.isEmpty(), "linears", "needs at least one projection");
        return products(x, projections);
    }

    /**
     * {@link #linears} of {@link #layerNormModulate}: a device whose products read x in 8 bits has
     * the norm round it.
     *
     * @param x [batch, seqLen, in]
     * @param scale [batch or 1, in], packed in the last dimension
     * @param shift [batch or 1, in], packed in the last dimension
     * @param projections one or more
     * @return the result of each, [batch, seqLen, out]
     */
    default List<Tensor> modulatedLinears(
            Tensor x, Tensor scale, Tensor shift, float eps, List<Projection> projections) {
        Check.given("modulatedLinears", "x", x, "projections", projections);
        Op.LayerNorm norm = Modulated.norm(this, x, scale, shift, eps);
        if (isRecorded()) {
            run(norm);
            return products(norm.out(), projections);
        }
        projections.forEach(one -> check(norm.out(), one));
        List<Tensor> results = results(norm.out(), projections);
        List<Op.Linear> products = described(norm.out(), projections, results);
        if (readsRounded(new Op.Linears(products))) {
            Rounded rounded = Modulated.room(this, norm.out());
            run(Modulated.rounding(norm, rounded));
            run(new Op.Linears(products, rounded));
            free(rounded.q());
            free(rounded.scales());
        } else {
            run(norm);
            run(products);
        }
        return results;
    }

    private List<Tensor> products(Tensor x, List<Projection> projections) {
        projections.forEach(one -> check(x, one));
        if (isRecorded() && projections.stream().anyMatch(LinearOps::hasEpilogue)) {
            return projections.stream().map(one -> stepByStep(x, one)).toList();
        }
        List<Tensor> results = results(x, projections);
        run(described(x, projections, results));
        return results;
    }

    /** Room for them. */
    private List<Tensor> results(Tensor x, List<Projection> projections) {
        List<Tensor> results = new ArrayList<>();
        for (Projection one : projections) {
            results.add(empty(computeType(), x.shape().with(-1, one.weight().dim(0))));
        }
        return results;
    }

    private List<Op.Linear> described(
            Tensor x, List<Projection> projections, List<Tensor> results) {
        Tensor tokens = Tokens.of(this, x);
        List<Op.Linear> products = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            products.add(product(tokens, projections.get(i), results.get(i)));
        }
        return products;
    }

    private void run(List<Op.Linear> products) {
        if (isRecorded() || products.size() == 1) {
            products.forEach(this::run); // gradients are found product by product
        } else {
            run(new Op.Linears(products));
        }
    }

    private static boolean hasEpilogue(Projection projection) {
        return !projection.epilogue().equals(Epilogue.none());
    }

    /** The product, then its epilogue. */
    private Tensor stepByStep(Tensor x, Projection of) {
        Projection plain = new Projection(of.weight(), of.bias(), of.lora(), Epilogue.none());
        return then(products(x, List.of(plain)).get(0), of.epilogue());
    }

    private Op.Linear product(Tensor tokens, Projection of, Tensor result) {
        Epilogue epilogue = of.epilogue();
        Tensor residual = epilogue.residual();
        Epilogue batched =
                new Epilogue(
                        epilogue.activation(),
                        epilogue.gate(),
                        residual == null ? null : Tokens.of(this, contiguous(residual)));
        Tensor out = Tokens.of(this, result);
        return new Op.Linear(tokens, of.weight(), of.bias(), of.lora(), batched, out);
    }

    private static void check(Tensor x, Projection of) {
        String op = "linear";
        Tensor weight = of.weight();
        Check.rank(op, "weight", weight, 2, "[out, in]");
        Check.packed(op, "weight", weight);
        int out = weight.dim(0);
        int in = weight.dim(1);
        Check.that(
                x.rank() >= 1 && x.dim(-1) == in,
                op,
                "x must be [..., "
                        + in
                        + "] to match weight "
                        + weight.shape()
                        + ", got "
                        + x.shape());
        Check.rows(op, "x", x);
        if (of.bias() != null) {
            Check.parameter(
                    op, "bias", of.bias(), Shape.of(out), "to match weight " + weight.shape());
        }
        if (of.lora() != null) {
            int shares = of.lora().shares().size();
            Check.that(
                    shares == 1 || x.rank() == 3 && x.dim(0) % shares == 0,
                    op,
                    "x must be [batch, seqLen, in] with a batch that "
                            + shares
                            + " adapters divide evenly, got "
                            + x.shape());
            of.lora().shares().forEach(one -> check(one, weight));
        }
        Epilogue epilogue = of.epilogue();
        if (epilogue.residual() != null) {
            Shape result = x.shape().with(-1, out);
            Check.shape(op, "residual", epilogue.residual(), result, "to match the result");
        }
        if (epilogue.gate() != null) {
            Check.rank(op, "x", x, 3, "[batch, seqLen, in] when a gate is given");
            Check.perSample(op, "gate", epilogue.gate(), x.dim(0), out);
        }
    }

    private static void check(LowRank lora, Tensor weight) {
        if (lora == null) {
            return;
        }
        String op = "linear";
        String why = "to match weight " + weight.shape();
        Check.rank(op, "lora.a", lora.a(), 2, "[rank, in]");
        int rank = lora.a().dim(0);
        Check.parameter(op, "lora.a", lora.a(), Shape.of(rank, weight.dim(1)), why);
        Check.parameter(op, "lora.b", lora.b(), Shape.of(weight.dim(0), rank), why);
        if (lora.scales() != null) {
            Check.parameter(
                    op,
                    "lora.scales",
                    lora.scales(),
                    Shape.of(rank),
                    "to match lora.a " + lora.a().shape());
            Check.dtype(op, "lora.scales", lora.scales(), DType.F32);
        }
    }

    /**
     * {@code y[r, :] = scales[r] * (x[r, :] R)}: rows times the symmetric R of {@link Hadamard} in
     * each group of columns, for weights that are stored so. Huang et al., arXiv 2512.03673.
     *
     * @param x [..., columns], any float dtype
     * @param group columns that are rotated together: a power of 4 that divides columns, 1 for none
     * @param scales F32 [rows of x], or null for ones
     * @return [..., columns]; F32 if x is, else in the compute dtype
     */
    default Tensor rotate(Tensor x, int group, Tensor scales) {
        String op = "rotate";
        Check.given(op, "x", x);
        Check.that(
                x.rank() >= 1 && Hadamard.isGroup(group) && x.dim(-1) % group == 0,
                op,
                "group must be a power of 4 up to "
                        + Hadamard.LARGEST
                        + " that divides the columns of x "
                        + x.shape()
                        + ", got "
                        + group);
        if (scales != null) {
            int rows = (int) (x.numel() / Math.max(1, x.dim(-1)));
            Check.parameter(op, "scales", scales, Shape.of(rows), "to match x " + x.shape());
            Check.dtype(op, "scales", scales, DType.F32);
        }
        Tensor y = empty(x.dtype() == DType.F32 ? DType.F32 : computeType(), x.shape());
        run(new Op.Rotate(contiguous(x), group, scales, y));
        return y;
    }

    /**
     * What follows a product, step by step: where gradients need what is between, or the product
     * has an epilogue of its own.
     *
     * @param product [batch, seqLen, out] if there is a gate, which needs a residual here
     */
    default Tensor then(Tensor product, Epilogue epilogue) {
        Check.given("then", "product", product, "epilogue", epilogue);
        Tensor y = product;
        if (epilogue.activation() != Activation.NONE) {
            y = activation(epilogue.activation(), y);
        }
        if (epilogue.gate() != null) {
            Check.that(epilogue.residual() != null, "then", "a gate needs a residual here");
            return gateResidual(epilogue.residual(), epilogue.gate(), y);
        }
        return epilogue.residual() == null ? y : add(y, epilogue.residual());
    }
}
