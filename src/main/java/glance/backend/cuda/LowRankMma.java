package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Launches low_rank_mma: {@code S = scale x A^T} of the adapters of one product, or of several that
 * read the same x, whose S lie side by side.
 */
final class LowRankMma {
    private static final String FILE = "linear_mma";

    private final Launcher launcher;

    LowRankMma(Launcher launcher) {
        this.launcher = launcher;
    }

    /** The thin tile that makes S, of either direction. */
    MmaTile tile() {
        return MmaTile.of(launcher, FILE, "thin");
    }

    /** Bytes of S of some products. */
    static long bytes(List<Shares> products) {
        int width = width(products);
        long bytes = 0;
        for (Shares one : products) {
            bytes += one.rank() == 0 ? 0 : (long) DType.BF16.bytes() * one.allRows() * width;
        }
        return bytes;
    }

    /** Columns of S of each product. */
    private static int width(List<Shares> products) {
        return Packed.pitch(products.stream().mapToInt(Shares::rank).max().orElse(0));
    }

    /** S of one product; null without an addition. */
    Tensor of(Operands operands, Tensor x, Shares shares) {
        return of(operands, x, List.of(shares)).get(0);
    }

    /**
     * {@code scale x A^T}, columns times their scales, of each product: [rows, columns], rows at
     * some distance; null where no share has an addition.
     *
     * @param x [batch, seqLen, in] in the compute type, its rows as long as those of A
     * @param products packed, at least A
     */
    List<Tensor> of(Operands operands, Tensor x, List<Shares> products) {
        List<Tensor> lows = new ArrayList<>(Collections.nCopies(products.size(), null));
        List<Integer> left = new ArrayList<>();
        for (int i = 0; i < products.size(); i++) {
            if (products.get(i).rank() > 0) {
                left.add(i);
            }
        }
        while (!left.isEmpty()) {
            List<Integer> group = alike(products, left);
            List<Shares> members = group.stream().map(products::get).toList();
            int width = width(members);
            Tensor all = made(operands, x, members, width);
            for (int i = 0; i < group.size(); i++) {
                lows.set(group.get(i), all.narrow(1, i * width, width));
            }
            left.removeAll(group);
        }
        return lows;
    }

    /** The first product that is left and others with as many shares, as many as a launch takes. */
    private List<Integer> alike(List<Shares> products, List<Integer> left) {
        int shares = products.get(left.get(0)).of().size();
        return left.stream()
                .filter(i -> products.get(i).of().size() == shares)
                .limit(Math.max(1, most() / shares))
                .toList();
    }

    /** Additions that a launch takes. */
    private int most() {
        return launcher.constant(FILE, "linear_mma_additions");
    }

    private Tensor made(Operands operands, Tensor x, List<Shares> members, int width) {
        int pitch = members.size() * width;
        Tensor low = operands.scratch(DType.BF16, Shape.of(x.dim(0) * x.dim(1), pitch));
        int shares = members.get(0).of().size();
        int rows = members.get(0).rows();
        int samples = x.dim(0) / shares;
        for (int first = 0; first < shares; first += most()) {
            int count = Math.min(most(), shares - first);
            int from = first;
            launch(
                    shares == count ? x : x.narrow(0, first * samples, count * samples),
                    members.stream().map(member -> member.part(from, count)).toList(),
                    low.narrow(0, first * rows, count * rows),
                    width);
        }
        return low;
    }

    private void launch(Tensor x, List<Shares> members, Tensor low, int width) {
        MmaTile tile = tile();
        long across = Grid.blocks(width, tile.size());
        tile.launch(
                launcher,
                "low_rank_mma",
                members.get(0),
                Math.toIntExact(members.size() * across * tile.size()),
                Shares.add(
                                new Arguments()
                                        .pointer(Launcher.address(x))
                                        .i64(x.stride(0))
                                        .i64(x.stride(1))
                                        .i32(x.dim(1)),
                                members,
                                most())
                        .pointer(Launcher.address(low))
                        .i32(x.dim(2))
                        .i32(width)
                        .i32(low.dim(1)));
    }
}
