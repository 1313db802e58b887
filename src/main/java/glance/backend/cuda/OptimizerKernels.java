package glance.backend.cuda;

import glance.api.AdamWSettings;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Launches optimizer.cu: one launch for all parameters. */
final class OptimizerKernels {
    private static final String FILE = "optimizer";

    private final Launcher launcher;

    OptimizerKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void meanSquaredError(TrainingOp.MseLoss op) {
        long count = op.prediction().numel();
        int blocks = Math.toIntExact(Grid.blocks(count, elementsOfBlock()));
        try (Operands operands = launcher.operands()) {
            Tensor slots = slots(operands, blocks);
            launcher.launch(
                    FILE,
                    "mse_loss" + launcher.suffix(),
                    Grid.of(blocks),
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.prediction())))
                            .pointer(Launcher.address(op.target()))
                            .i32(DTypeCode.of(op.target().dtype()))
                            .pointer(Launcher.address(op.gradient()))
                            .pointer(Launcher.address(slots))
                            .i64(count));
            launcher.launch(
                    FILE,
                    "mean_of_sums_f32",
                    Grid.of(1),
                    new Arguments()
                            .pointer(Launcher.address(slots))
                            .i32(blocks)
                            .i64(count)
                            .pointer(Launcher.address(op.out())));
        }
    }

    void globalNorm(TrainingOp.GlobalNorm op) {
        ParameterTable table = table(op.tensors().size());
        op.tensors().forEach(table::add);
        try (Operands operands = launcher.operands()) {
            Tensor slots = slots(operands, table.blocks());
            launcher.launch(
                    FILE,
                    "sum_squares_f32",
                    Grid.of(table.blocks()),
                    arguments(operands, table).pointer(Launcher.address(slots)));
            launcher.launch(
                    FILE,
                    "root_of_sums_f32",
                    Grid.of(1),
                    new Arguments()
                            .pointer(Launcher.address(slots))
                            .i32(table.blocks())
                            .pointer(Launcher.address(op.out())));
        }
    }

    void adamW(TrainingOp.AdamW op) {
        ParameterTable table = table(op.parameters().size());
        for (int i = 0; i < op.parameters().size(); i++) {
            table.add(
                    op.parameters().get(i),
                    op.gradients().get(i),
                    op.firstMoments().get(i),
                    op.secondMoments().get(i));
        }
        try (Operands operands = launcher.operands()) {
            Arguments arguments = arguments(operands, table);
            settings(arguments, op.clip(), op.settings(), op.learningRate(), op.step());
            launcher.launch(FILE, "adamw_f32", Grid.of(table.blocks()), arguments);
        }
    }

    void adamW8Bit(TrainingOp.AdamW8Bit op) {
        if (launcher.constant(FILE, "optimizer_quantized") != QuantizedBlocks.SIZE) {
            throw new IllegalStateException(
                    "optimizer.cu and QuantizedBlocks differ in the elements of a scale");
        }
        ParameterTable table = table(op.parameters().size());
        for (int i = 0; i < op.parameters().size(); i++) {
            table.add(
                    op.parameters().get(i),
                    op.gradients().get(i),
                    op.firstMoments().get(i),
                    op.secondMoments().get(i));
        }
        try (Operands operands = launcher.operands()) {
            Arguments arguments = arguments(operands, table);
            settings(arguments, op.clip(), op.settings(), op.learningRate(), op.step());
            arguments.pointer(Launcher.address(values(operands)));
            launcher.launch(FILE, "adamw_8bit_f32", Grid.of(table.blocks()), arguments);
        }
    }

    /** What the codes of first and of second moments stand for. */
    private static Tensor values(Operands operands) {
        float[] signed = QuantizedBlocks.signedValues();
        float[] unsigned = QuantizedBlocks.unsignedValues();
        ByteBuffer bytes =
                ByteBuffer.allocate(Float.BYTES * (signed.length + unsigned.length))
                        .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(signed).put(unsigned);
        return operands.upload(DType.F32, Shape.of(2, signed.length), bytes);
    }

    /** Adds what all AdamW kernels are told. */
    private static void settings(
            Arguments arguments, float clip, AdamWSettings settings, float learningRate, int step) {
        double correction1 = 1 - Math.pow(settings.beta1(), step);
        double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), step));
        arguments
                .f32(clip)
                .f32(settings.beta1())
                .f32(settings.beta2())
                .f32(settings.eps())
                .f32(1 - learningRate * settings.weightDecay())
                .f32((float) (learningRate / correction1))
                .f32((float) correction2);
    }

    private static Arguments arguments(Operands operands, ParameterTable table) {
        return new Arguments().pointer(Launcher.address(table.upload(operands))).i32(table.count());
    }

    private ParameterTable table(int parameters) {
        return new ParameterTable(parameters, elementsOfBlock());
    }

    /** A double for each block. */
    private static Tensor slots(Operands operands, int blocks) {
        return operands.scratch(DType.I64, Shape.of(blocks));
    }

    private int elementsOfBlock() {
        return launcher.constant(FILE, "optimizer_elements");
    }
}
