package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.cases.Call;
import glance.formula.Elements;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The same as a call of the engine by PyTorch, on the same numbers: a method of peer.py. */
final class PeerCall {
    /** Arguments of a block before the weights of its two streams. */
    private static final int BLOCK_INPUTS = 6;

    private final Torch torch;
    private final Call call;
    private final String method;
    private final IValue[] arguments;

    /**
     * @param half whether PyTorch multiplies in bf16, where the call is a product
     */
    PeerCall(Torch torch, Call call, boolean half) {
        this.torch = torch;
        this.call = call;
        List<IValue> values = new ArrayList<>();
        Op op = call.ops().get(0);
        if (call.ops().size() > 1) {
            method = "block";
            List<Tensor> all = call.arguments();
            all.subList(0, 4).forEach(tensor -> values.add(argument(tensor)));
            values.add(turn(all.get(4), all.get(5)));
            int middle = (BLOCK_INPUTS + all.size()) / 2;
            values.add(list(all.subList(BLOCK_INPUTS, middle)));
            values.add(list(all.subList(middle, all.size())));
        } else if (op instanceof Op.Linear linear) {
            values.add(argument(linear.x()));
            values.add(half ? halfArgument(linear.weight()) : argument(linear.weight()));
            values.add(half ? halfArgument(linear.bias()) : argument(linear.bias()));
            String plain = half ? "linear_bf16" : "linear";
            method = linear.lora() == null ? plain : "linear_lora";
            if (linear.lora() != null) {
                values.add(argument(linear.loras().get(0).a()));
                values.add(argument(linear.loras().get(0).b()));
                values.add(IValue.from((double) linear.loras().get(0).scale()));
            }
        } else if (op instanceof Op.Attention attention) {
            method = "attention";
            Stream.of(attention.q(), attention.k(), attention.v())
                    .forEach(tensor -> values.add(argument(tensor)));
        } else if (op instanceof Op.LayerNorm norm) {
            method = "norm_modulate";
            Stream.of(norm.x(), norm.scale(), norm.shift())
                    .forEach(tensor -> values.add(argument(tensor)));
        } else if (op instanceof Op.HeadNormRope norm) {
            method = "head_norm_rope";
            Stream.of(norm.streams(), norm.weights())
                    .flatMap(List::stream)
                    .forEach(tensor -> values.add(argument(tensor)));
            Rope rope = norm.rope();
            values.add(turn(rope.cos(), rope.sin()));
        } else {
            throw new IllegalArgumentException("peer.py has no method for " + op.getClass());
        }
        arguments = values.toArray(IValue[]::new);
    }

    /** PyTorch's result; close it. */
    IValue run() {
        return torch.call(method, arguments);
    }

    private IValue argument(Tensor tensor) {
        return torch.argument(values(tensor), tensor.shape().dims());
    }

    private IValue halfArgument(Tensor tensor) {
        return torch.halfArgument(values(tensor), tensor.shape().dims());
    }

    private IValue list(List<Tensor> tensors) {
        return torch.argument(
                tensors.stream()
                        .map(tensor -> torch.array(values(tensor), tensor.shape().dims()))
                        .toList());
    }

    /** [rows, headDim / 2, 2]: complex numbers as pairs. */
    private IValue turn(Tensor cos, Tensor sin) {
        float[] real = values(cos);
        float[] imaginary = values(sin);
        float[] pairs = new float[2 * real.length];
        for (int i = 0; i < real.length; i++) {
            pairs[2 * i] = real[i];
            pairs[2 * i + 1] = imaginary[i];
        }
        return torch.argument(pairs, cos.dim(0), cos.dim(1), 2);
    }

    private float[] values(Tensor tensor) {
        Elements elements = call.values(tensor);
        float[] values = new float[Math.toIntExact(tensor.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) elements.at(i);
        }
        return values;
    }
}
