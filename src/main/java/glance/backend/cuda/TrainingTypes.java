package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.TrainingOp;
import glance.tensor.DType;
import java.util.function.Consumer;

/** Training computes in F32: the gradients of adapters are too small for BF16. */
final class TrainingTypes {
    private TrainingTypes() {}

    /** Why a training operation cannot run, or null if it can. */
    static String refuses(Launcher launcher, TrainingOp op) {
        DType dtype = op.out().dtype();
        return launcher.computeType() == DType.F32 && dtype == DType.F32
                ? null
                : "training on CUDA computes in f32 (--dtype f32), not in " + dtype;
    }

    /** A kernel that refuses other types than F32. */
    static <O extends TrainingOp> Kernel<O> f32(Launcher launcher, Consumer<O> launch) {
        return new Kernel<>() {
            @Override
            public String refuses(O op) {
                return TrainingTypes.refuses(launcher, op);
            }

            @Override
            public void run(O op) {
                launch.accept(op);
            }
        };
    }
}
