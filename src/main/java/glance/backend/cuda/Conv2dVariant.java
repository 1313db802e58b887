package glance.backend.cuda;

import glance.backend.Op;
import glance.tensor.Tensor;

/** What can compute a convolution, and the one place that chooses. */
enum Conv2dVariant {
    /** The library that the device was opened with, for the same padding on opposite sides. */
    LIBRARY,
    /** conv2d.cu, plain arithmetic: any dtype, any alignment. */
    PLAIN,
    /** conv2d_mma.cu, tensor cores: bf16 in aligned chunks. */
    MMA;

    /** The variant for x [batch, height, width, channels] in the compute type. */
    static Conv2dVariant of(Launcher launcher, Op.Conv2d op, Tensor x) {
        if (takesLibrary(launcher, op)) {
            return LIBRARY;
        }
        return LinearVariant.takesMma(launcher, x) ? MMA : PLAIN;
    }

    /** Whether a library computes it, which does not depend on where x lies. */
    static boolean takesLibrary(Launcher launcher, Op.Conv2d op) {
        return launcher.libraries().convolution() != null && isEven(op.padding());
    }

    private static boolean isEven(Op.Padding padding) {
        return padding.top() == padding.bottom() && padding.left() == padding.right();
    }
}
