package glance.backend.cuda;

import glance.backend.Kernel;
import glance.op.Op;

/**
 * One way to compute an operation: kernels of ours, or a library. It refuses arguments that it
 * cannot take (dtype, compute capability, shape, alignment); {@link Variants} then asks the next.
 */
interface Variant<O extends Op> extends Kernel<O> {
    /** What {@code --variant OPERATION=NAME} takes. */
    String name();
}
