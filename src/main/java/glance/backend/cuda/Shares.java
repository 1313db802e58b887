package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.LowRank;
import glance.op.Op;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The low-rank additions of a product by shares of its rows: the struct Shares of
 * kernels/include/shares.cuh.
 *
 * @param of each share, null for none; at least one
 * @param rows of each share
 */
record Shares(List<LowRank> of, int rows) {
    private static final int SHARE_LONGS = 5;

    static Shares of(Op.Linear op) {
        List<LowRank> loras = op.loras().isEmpty() ? alone(null) : op.loras();
        return new Shares(loras, op.x().dim(0) * op.x().dim(1) / loras.size());
    }

    /** One addition for all rows; null for none. */
    static Shares of(LowRank lora, int rows) {
        return new Shares(alone(lora), rows);
    }

    private static List<LowRank> alone(LowRank lora) {
        return Collections.singletonList(lora);
    }

    /** Some of them. */
    Shares part(int first, int count) {
        return first == 0 && count == of.size()
                ? this
                : new Shares(of.subList(first, first + count), rows);
    }

    /** Rows of all shares. */
    long allRows() {
        return (long) of.size() * rows;
    }

    /** A product in parts that have so many shares at most. */
    static List<Op.Linear> parts(Op.Linear op, int most) {
        int shares = op.loras().size();
        if (shares <= most) {
            return List.of(op);
        }
        List<Op.Linear> parts = new ArrayList<>();
        for (int first = 0; first < shares; first += most) {
            parts.add(op.shares(first, Math.min(most, shares - first)));
        }
        return parts;
    }

    /** Tiles of so many rows, each with rows of one share. */
    long tiles(int tileRows) {
        return of.size() * Grid.blocks(rows, tileRows);
    }

    /** The largest rank; 0 if there is no addition. */
    int rank() {
        return of.stream().mapToInt(lora -> lora == null ? 0 : lora.rank()).max().orElse(0);
    }

    /** Scratch that {@link #packed} may take. */
    long packedBytes() {
        long bytes = 0;
        for (LowRank lora : of) {
            bytes += lora == null ? 0 : Packed.bytes(lora.a()) + Packed.bytes(lora.b());
        }
        return bytes;
    }

    /** The same with factors as tensor cores read them. */
    Shares packed(Launcher launcher, Operands operands) {
        List<LowRank> packed = new ArrayList<>();
        for (LowRank lora : of) {
            packed.add(
                    lora == null
                            ? null
                            : new LowRank(
                                    Packed.of(launcher, operands, lora.a()),
                                    Packed.of(launcher, operands, lora.b()),
                                    lora.scale(),
                                    lora.scales()));
        }
        return new Shares(packed, rows);
    }

    /**
     * Adds the struct.
     *
     * @param most shares that it has room for
     */
    Arguments add(Arguments arguments, int most) {
        return add(arguments, List.of(this), most);
    }

    /**
     * Adds the struct of several products of the same rows, one after the other.
     *
     * @param products each with as many shares
     * @param most shares that it has room for, of all products
     */
    static Arguments add(Arguments arguments, List<Shares> products, int most) {
        long[] fields = new long[most * SHARE_LONGS + 1];
        int at = -SHARE_LONGS;
        for (LowRank lora : products.stream().flatMap(product -> product.of.stream()).toList()) {
            at += SHARE_LONGS;
            if (lora != null) {
                fields[at] = Launcher.address(lora.a());
                fields[at + 1] = Launcher.address(lora.b());
                fields[at + 2] = Launcher.address(lora.scales());
                fields[at + 3] = pair(Float.floatToRawIntBits(lora.scale()), lora.rank());
                fields[at + 4] = types(lora);
            }
        }
        Shares one = products.get(0);
        fields[most * SHARE_LONGS] = pair(one.of.size(), one.rows);
        return arguments.struct(fields);
    }

    private static long types(LowRank lora) {
        return pair(DTypeCode.of(lora.a().dtype()), DTypeCode.of(lora.b().dtype()));
    }

    /** Two 32-bit fields, as they lie in memory. */
    private static long pair(int first, int second) {
        return (long) second << Integer.SIZE | Integer.toUnsignedLong(first);
    }
}
