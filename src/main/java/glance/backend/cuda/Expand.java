package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Locale;

/**
 * Launches expand.cu: quantised weights as plain numbers, F32 or BF16. The file has an entry point
 * for each quantised type, and for whole numbers.
 */
final class Expand {
    private static final String FILE = "expand";

    private Expand() {}

    /** Whether weights of a dtype are expanded before they are used. */
    static boolean takes(DType dtype) {
        return dtype.isQuantised() || dtype == DType.I8;
    }

    /** Why a copy of a quantised tensor cannot be made, or null. */
    static String refuses(Tensor x, Tensor out) {
        if (out.dtype() != DType.F32 && out.dtype() != DType.BF16) {
            return "quantised weights as " + out.dtype();
        }
        return x.isContiguous() && out.isContiguous() ? null : "strided copies of " + x.dtype();
    }

    /** {@code out = x}, both packed. */
    static void all(Launcher launcher, Tensor x, Tensor out) {
        launch(launcher, x, null, out);
    }

    /** Whether {@link #rows} can read a table: its rows are whole blocks, and whole chunks. */
    static boolean hasRows(Tensor table) {
        return takes(table.dtype())
                && table.dim(1) % table.dtype().blockElements() == 0
                && Packed.isChunked(table.dim(1));
    }

    /** Rows {@code ids} of a table. */
    static void rows(Launcher launcher, Tensor ids, Tensor table, Tensor out) {
        launch(launcher, table, ids, out);
    }

    private static void launch(Launcher launcher, Tensor table, Tensor ids, Tensor out) {
        String types = table.dtype() + "_" + out.dtype();
        launcher.launchElements(
                FILE,
                "expand_" + types.toLowerCase(Locale.ROOT),
                (out.numel() + Packed.CHUNK - 1) / Packed.CHUNK,
                new Arguments()
                        .pointer(Launcher.address(table))
                        .pointer(Launcher.address(ids))
                        .pointer(Launcher.address(out))
                        .i64(out.numel())
                        .i32(table.rank() == 0 ? 1 : table.dim(0))
                        .i32(table.rank() == 0 ? 1 : table.dim(-1)));
    }
}
