package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Launches copy.cu: strided copies, from any float dtype to F32, BF16 or F16, and of I32. */
final class CopyKernel implements Kernel<Op.Copy> {
    private static final String FILE = "copy";
    private static final int MAX_RANK = 6;

    /** What one load or store moves at most, and is aligned to. */
    private static final int MAX_VECTOR_BYTES = 16;

    private final Launcher launcher;

    CopyKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String refuses(Op.Copy op) {
        DType from = op.x().dtype();
        DType to = op.out().dtype();
        if (Expand.takes(from)) {
            return Expand.refuses(op.x(), op.out());
        }
        boolean sameWords = from == to && to == DType.I32;
        boolean floats = DTypeCode.of(from) >= 0 && to.isFloating() && to.bytes() >= 2;
        if (!sameWords && !floats) {
            return "copies of " + from + " to " + to + " are not supported";
        }
        int rank = layout(op.x(), op.out()).size();
        return rank <= MAX_RANK ? null : "strided copies of more than " + MAX_RANK + " dimensions";
    }

    @Override
    public void run(Op.Copy op) {
        run(launcher, op);
    }

    static void run(Launcher launcher, Op.Copy op) {
        long count = op.out().numel();
        if (count == 0) {
            return;
        }
        List<Axis> layout = layout(op.x(), op.out());
        if (Expand.takes(op.x().dtype())) {
            Expand.all(launcher, op.x(), op.out());
            return;
        }
        // words are copied as they are: as floats they might be NaNs that lose bits
        boolean words = op.x().dtype() == DType.I32;
        boolean runs = !words && isRuns(launcher, layout, op);
        launcher.launchElements(
                FILE,
                runs ? "copy_runs" : "copy_strided",
                runs ? count / run(launcher) : count,
                new Arguments()
                        .pointer(CudaStorage.address(op.x()))
                        .pointer(CudaStorage.address(op.out()))
                        .i64(runs ? count / run(launcher) : count)
                        .i32(words ? -1 : DTypeCode.of(op.x().dtype()))
                        .i32(DTypeCode.of(op.out().dtype()))
                        .struct(struct(runs ? inRuns(layout, run(launcher)) : layout)));
    }

    private static int run(Launcher launcher) {
        return launcher.constant(FILE, "copy_run");
    }

    /** Whether both sides have the last dimension in whole, aligned runs. */
    private static boolean isRuns(Launcher launcher, List<Axis> layout, Op.Copy op) {
        int run = run(launcher);
        int last = layout.size() - 1;
        if (layout.isEmpty()
                || !layout.get(last).isInOnePiece()
                || layout.get(last).size % run != 0
                || !isAligned(op.x(), run)
                || !isAligned(op.out(), run)) {
            return false;
        }
        return layout.subList(0, last).stream().allMatch(axis -> (axis.from | axis.to) % run == 0);
    }

    private static boolean isAligned(Tensor x, int run) {
        int bytes = Math.min(MAX_VECTOR_BYTES, run * x.dtype().bytes());
        return CudaStorage.address(x) % bytes == 0;
    }

    private static List<Axis> inRuns(List<Axis> layout, int run) {
        List<Axis> result = new ArrayList<>(layout);
        Axis last = result.remove(result.size() - 1);
        result.add(new Axis(last.size / run, run, run));
        return result;
    }

    /** A dimension with its strides on both sides. */
    private record Axis(long size, long from, long to) {
        boolean isInOnePiece() {
            return from == 1 && to == 1;
        }
    }

    /** The dimensions that remain when those that can be walked as one are joined. */
    private static List<Axis> layout(Tensor x, Tensor out) {
        List<Axis> axes = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            Axis axis = new Axis(x.dim(i), x.stride(i), out.stride(i));
            if (axis.size == 1) {
                continue;
            }
            Axis outer = axes.isEmpty() ? null : axes.get(axes.size() - 1);
            if (outer != null
                    && outer.from == axis.size * axis.from
                    && outer.to == axis.size * axis.to) {
                axes.set(axes.size() - 1, new Axis(outer.size * axis.size, axis.from, axis.to));
            } else {
                axes.add(axis);
            }
        }
        return axes;
    }

    /** The struct Layout of copy.cu for two tensors of the same shape. */
    static long[] layoutStruct(Tensor x, Tensor out) {
        return struct(layout(x, out));
    }

    /** The struct Layout of copy.cu: sizes, strides of x, strides of out; leading sizes are 1. */
    private static long[] struct(List<Axis> axes) {
        long[] fields = new long[3 * MAX_RANK];
        int missing = MAX_RANK - axes.size();
        for (int i = 0; i < MAX_RANK; i++) {
            Axis axis = i < missing ? new Axis(1, 0, 0) : axes.get(i - missing);
            fields[i] = axis.size;
            fields[MAX_RANK + i] = axis.from;
            fields[2 * MAX_RANK + i] = axis.to;
        }
        return fields;
    }
}
