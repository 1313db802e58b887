package glance.formula;

import glance.op.Activation;
import glance.op.Op;
import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The formula of every operation. */
public final class Formulas {
    /**
     * dq and dk are sums of P (dP - delta), and where few keys are seen dP and delta nearly cancel:
     * what is left is rounding, and luck decides whose is smaller. On the CPU 2.7 times the error
     * of the plain version was measured, for different elements with different widths of vectors.
     */
    private static final double CANCELLING = 4;

    /**
     * 1 - tanh^2 cancels where tanh is near 1, so that a last place of tanh counts many times: 2.3
     * times the plain error was measured on the emulated GPU.
     */
    private static final double TANH = 4;

    private interface Rule<O extends Op> {
        List<Result> of(O op, Values of);
    }

    private interface Single<O extends Op> {
        Formula of(O op, Values of);
    }

    private static final Map<Class<? extends Op>, Rule<? extends Op>> RULES = new HashMap<>();

    static {
        computes(Op.Linear.class, LinearFormula::of);
        rule(Op.Linears.class, Formulas::linears);
        rule(Op.Attention.class, Formulas::attention);
        computes(Op.HeadNormRope.class, NormFormula::headNormRope);
        computes(Op.RmsNorm.class, NormFormula::rms);
        computes(Op.LayerNorm.class, NormFormula::layer);
        computes(Op.GroupStatistics.class, GroupNormFormula::statistics);
        computes(Op.GroupNorm.class, GroupNormFormula::norm);
        computes(Op.GateResidual.class, PointwiseFormula::gateResidual);
        computes(Op.Unary.class, PointwiseFormula::unary);
        computes(Op.GatedActivation.class, PointwiseFormula::gated);
        computes(Op.Binary.class, PointwiseFormula::binary);
        moves(Op.Embedding.class, LookupFormula::embedding);
        computes(Op.TimestepEmbedding.class, LookupFormula::timesteps);
        moves(Op.Copy.class, (op, of) -> known(of.of(op.x())));
        computes(Op.Rotate.class, RotateFormula::of);
        computes(Op.Conv2d.class, Conv2dFormula::of);
        moves(Op.UpsampleNearest2x.class, LookupFormula::upsampled);
        computes(Op.GuidedEuler.class, PointwiseFormula::guidedEuler);
        rule(TrainingOp.LinearGrad.class, Formulas::linearGrad);
        computes(TrainingOp.SumRows.class, PointwiseGradFormula::sumRows);
        rule(TrainingOp.AttentionGrad.class, Formulas::attentionGrad);
        rule(TrainingOp.HeadNormRopeGrad.class, Formulas::headNormRopeGrad);
        computes(TrainingOp.RmsNormGrad.class, NormGradFormula::rms);
        rule(TrainingOp.LayerNormGrad.class, Formulas::layerNormGrad);
        rule(TrainingOp.GateGrad.class, Formulas::gateGrad);
        rule(TrainingOp.ActivationGrad.class, Formulas::activationGrad);
        computes(TrainingOp.Accumulate.class, PointwiseGradFormula::accumulate);
        moves(TrainingOp.Fill.class, (op, of) -> known(i -> op.value()));
        rule(TrainingOp.MseLoss.class, Formulas::loss);
        computes(TrainingOp.GlobalNorm.class, LossFormula::globalNorm);
        rule(TrainingOp.AdamW.class, Formulas::adamW);
        rule(TrainingOp.AdamW8Bit.class, Formulas::adamW8Bit);
    }

    private Formulas() {}

    private static <O extends Op> void rule(Class<O> kind, Rule<O> rule) {
        RULES.put(kind, rule);
    }

    private static <O extends Op> void computes(Class<O> kind, Single<O> formula) {
        rule(kind, (op, of) -> List.of(Result.of(op.out(), formula.of(op, of))));
    }

    private static <O extends Op> void moves(Class<O> kind, Single<O> formula) {
        rule(kind, (op, of) -> List.of(Result.moved(op.out(), formula.of(op, of))));
    }

    private static Formula known(Elements elements) {
        return m -> elements;
    }

    /**
     * Everything that an operation writes, in the order of its record.
     *
     * @param of the numbers in its arguments before it runs
     */
    @SuppressWarnings("unchecked") // rule() pairs each class with a rule of that class
    public static <O extends Op> List<Result> of(O op, Values of) {
        return ((Rule<O>) RULES.get(op.getClass())).of(op, of);
    }

    private static List<Result> linears(Op.Linears op, Values of) {
        return op.members().stream()
                .map(member -> Result.of(member.out(), LinearFormula.of(member, of)))
                .toList();
    }

    private static List<Result> attention(Op.Attention op, Values of) {
        AttentionFormula formula = AttentionFormula.of(op, of);
        Result out = Result.of(op.out(), formula);
        return op.lse() == null
                ? List.of(out)
                : List.of(out, Result.of(op.lse(), formula.logSumExp()));
    }

    private static List<Result> linearGrad(TrainingOp.LinearGrad op, Values of) {
        List<Result> results = new ArrayList<>();
        if (op.dx() != null) {
            results.add(Result.of(op.dx(), LinearGradFormula.x(op, of)));
        }
        if (op.da() != null) {
            results.add(Result.of(op.da(), LinearGradFormula.a(op, of)));
            results.add(Result.of(op.db(), LinearGradFormula.b(op, of)));
        }
        return results;
    }

    private static List<Result> attentionGrad(TrainingOp.AttentionGrad op, Values of) {
        AttentionGradFormula formula = AttentionGradFormula.of(op, of);
        return List.of(
                Result.of(op.dq(), formula.dq()).allowing(CANCELLING),
                Result.of(op.dk(), formula.dk()).allowing(CANCELLING),
                Result.of(op.dv(), formula.dv()));
    }

    private static List<Result> headNormRopeGrad(TrainingOp.HeadNormRopeGrad op, Values of) {
        List<Result> results = new ArrayList<>();
        for (int s = 0; s < op.dx().size(); s++) {
            results.add(Result.of(op.dx().get(s), NormGradFormula.headNormRope(op, s, of)));
        }
        return results;
    }

    private static List<Result> layerNormGrad(TrainingOp.LayerNormGrad op, Values of) {
        Result x = Result.of(op.out(), NormGradFormula.layer(op, of));
        return op.dScale() == null
                ? List.of(x)
                : List.of(
                        x,
                        Result.of(op.dScale(), NormGradFormula.layerScale(op, of)),
                        Result.of(op.dShift(), NormGradFormula.layerShift(op, of)));
    }

    private static List<Result> gateGrad(TrainingOp.GateGrad op, Values of) {
        Result y = Result.of(op.out(), PointwiseGradFormula.gated(op, of));
        return op.dGate() == null
                ? List.of(y)
                : List.of(y, Result.of(op.dGate(), PointwiseGradFormula.gate(op, of)));
    }

    private static List<Result> activationGrad(TrainingOp.ActivationGrad op, Values of) {
        Result result = Result.of(op.out(), PointwiseGradFormula.activation(op, of));
        return List.of(op.activation() == Activation.GELU_TANH ? result.allowing(TANH) : result);
    }

    private static List<Result> loss(TrainingOp.MseLoss op, Values of) {
        return List.of(
                Result.of(op.out(), LossFormula.meanSquare(op, of)),
                Result.of(op.gradient(), LossFormula.gradient(op, of)));
    }

    private static List<Result> adamW(TrainingOp.AdamW op, Values of) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < op.parameters().size(); i++) {
            AdamWFormula formula = AdamWFormula.of(op, i, of);
            results.add(Result.of(op.parameters().get(i), formula.parameter()));
            results.add(Result.of(op.firstMoments().get(i), formula.first()));
            results.add(Result.of(op.secondMoments().get(i), formula.second()));
        }
        return results;
    }

    /** The formula of codes is that of the numbers which they stand for. */
    private static List<Result> adamW8Bit(TrainingOp.AdamW8Bit op, Values of) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < op.parameters().size(); i++) {
            AdamWFormula formula = QuantizedFormula.adamW(op, i, of);
            Tensor parameter = op.parameters().get(i);
            QuantizedBlocks first = op.firstMoments().get(i);
            QuantizedBlocks second = op.secondMoments().get(i);
            results.add(Result.of(parameter, formula.parameter()));
            results.add(
                    Result.of(
                            first.codes(),
                            QuantizedFormula.nearest(formula.first(), parameter.numel(), true)));
            results.add(
                    Result.of(
                            second.codes(),
                            QuantizedFormula.nearest(formula.second(), parameter.numel(), false)));
        }
        return results;
    }
}
