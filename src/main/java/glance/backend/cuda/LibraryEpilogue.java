package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Launches epilogue.cu, on what a library has written. */
final class LibraryEpilogue {
    private static final String FILE = "epilogue";

    /** Results of bf16 that a thread moves at once. */
    private static final int CHUNK = 8;

    private LibraryEpilogue() {}

    /**
     * {@code out = residual + gate * act(out + bias)}.
     *
     * @param out [..., columns]
     * @param bias [columns], or null
     * @param seqLen rows of out that share a gate
     */
    static void run(
            Launcher launcher,
            Operands operands,
            Tensor out,
            Tensor bias,
            Epilogue epilogue,
            int seqLen) {
        if (bias == null && epilogue.equals(Epilogue.none())) {
            return;
        }
        int columns = out.dim(out.rank() - 1);
        int rows = Math.toIntExact(out.numel() / columns);
        int each = launcher.computeType() == DType.BF16 ? CHUNK : 1;
        launcher.launchElements(
                FILE,
                FILE + launcher.suffix(),
                rows * Grid.blocks(columns, each),
                operands.epilogue(new Arguments().pointer(Launcher.address(out)), bias, epilogue)
                        .i32(rows)
                        .i32(columns)
                        .i32(seqLen));
    }

    /** {@code out = residual + out + bias}, as a convolution ends. */
    static void run(
            Launcher launcher, Operands operands, Tensor out, Tensor bias, Tensor residual) {
        Epilogue epilogue = new Epilogue(Activation.NONE, null, residual);
        run(launcher, operands, out, bias, epilogue, 1);
    }
}
