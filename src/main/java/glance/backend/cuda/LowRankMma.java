package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.LowRank;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
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

    /**
     * {@code scale x A^T}, columns times their scales, [rows, columns]; null without an addition.
     */
    Tensor of(Operands operands, Tensor x, Shares shares) {
        List<Group> groups = groups(operands, x, List.of(shares));
        groups.forEach(group -> make(x, group.low()));
        return groups.isEmpty() ? null : groups.get(0).low().of(0);
    }

    /**
     * Products whose S lie side by side.
     *
     * @param numbers of the products among those that were asked for
     */
    record Group(List<Integer> numbers, LowRows low) {}

    /**
     * Room for S of those products that have an addition.
     *
     * @param x [batch, seqLen, in], what all of them read
     */
    List<Group> groups(Operands operands, Tensor x, List<Shares> products) {
        List<Group> groups = new ArrayList<>();
        List<Integer> left = new ArrayList<>();
        for (int i = 0; i < products.size(); i++) {
            if (products.get(i).rank() > 0) {
                left.add(i);
            }
        }
        while (!left.isEmpty()) {
            List<Integer> numbers = alike(products, left);
            List<Shares> members = numbers.stream().map(products::get).toList();
            Shape shape = Shape.of(x.dim(0) * x.dim(1), members.size() * width(members));
            LowRows low = new LowRows(members, operands.scratch(DType.BF16, shape));
            groups.add(new Group(numbers, low));
            left.removeAll(numbers);
        }
        return groups;
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

    /**
     * Makes S.
     *
     * @param x [batch, seqLen, in] in the compute type, its rows as long as those of A
     */
    void make(Tensor x, LowRows low) {
        int shares = low.products().get(0).of().size();
        int samples = x.dim(0) / shares;
        for (int first = 0; first < shares; first += most()) {
            int count = Math.min(most(), shares - first);
            launch(
                    shares == count ? x : x.narrow(0, first * samples, count * samples),
                    low.part(first, count));
        }
    }

    private void launch(Tensor x, LowRows low) {
        MmaTile tile = tile();
        List<Shares> members = low.products();
        long across = Grid.blocks(low.width(), tile.size());
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
                        .pointer(Launcher.address(low.s()))
                        .i32(x.dim(2))
                        .i32(low.width())
                        .i32(low.s().dim(1)));
    }

    /** Room for S of a gradient, {@code scale dy B}; dy [rows, out] packed, and so is B. */
    static LowRows ofInput(Operands operands, Tensor dy, LowRank lora) {
        int rows = dy.dim(0);
        Tensor s = operands.scratch(DType.BF16, Shape.of(rows, lora.b().dim(1)));
        return new LowRows(List.of(Shares.of(lora, rows)), s);
    }

    /** Makes S of {@link #ofInput}. */
    void makeOfInput(Tensor dy, LowRows low) {
        LowRank lora = low.products().get(0).of().get(0);
        int rows = dy.dim(0);
        int pitch = low.width();
        tile().launch(
                        launcher,
                        "low_rank_input_mma",
                        rows,
                        pitch,
                        new Arguments()
                                .pointer(Launcher.address(dy))
                                .i32(dy.dim(1))
                                .pointer(Launcher.address(lora.b()))
                                .f32(lora.scale())
                                .pointer(Launcher.address(lora.scales()))
                                .pointer(Launcher.address(low.s()))
                                .i32(rows)
                                .i32(lora.b().dim(0))
                                .i32(lora.rank())
                                .i32(pitch));
    }
}
