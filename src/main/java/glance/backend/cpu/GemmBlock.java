package glance.backend.cpu;

import java.util.List;

/**
 * Some left rows, packed, and their products. A panel has rows of one share.
 *
 * @param height rows of a share
 * @param extensions of each share
 * @param rank columns that are appended to the last slice at most
 * @param packed [slices][panels][depth, tileRows]
 */
record GemmBlock(
        int start,
        int height,
        List<Gemm.Extension> extensions,
        int k,
        int rank,
        Gemm.Side left,
        float[] packed) {
    /** Right panels of a task at most: a slice of them fills 0.8 MB with 16 lanes. */
    private static final int GROUP = 6;

    /** Left panels that are packed at a time at most. */
    private static final int LEFT_GROUP = 16;

    /** Left panels of a task at least, so that packing the right side is small beside its use. */
    private static final int CHUNK = 12;

    /** Tasks for each thread where there is work enough: then none waits long for the last one. */
    private static final int TASKS = 3;

    private static final Simd SIMD = Simd.INSTANCE;

    void run(int n, Gemm.Side right, Gemm.Target target, Workers workers) {
        int group = Math.max(1, Math.min(LEFT_GROUP, panels() / (4 * workers.threads())));
        workers.forEach(
                (int) Gemm.panels(panels(), group),
                task -> packLeft(task * group, Math.min(panels(), (task + 1) * group)));
        if (rank > 0) {
            forEachPart(rank, workers, this::extend);
            int last = (int) Gemm.slices(k) - 1;
            workers.forEach(panels(), p -> packLow(p, at(p, last) + depth(last) * Gemm.ROWS));
        }
        forEachPart(
                n,
                workers,
                (column, count, first, end) ->
                        multiply(new Strip(column, count, n, right, rank, target), first, end));
    }

    /** The low-rank columns of some left panels, each by the extension of its share. */
    private void extend(int column, int count, int first, int last) {
        for (int p = first; p < last; ) {
            int end = Math.min(last, (p / panelsOfShare() + 1) * panelsOfShare());
            Gemm.Extension own = extension(p);
            if (own != null && column < own.rank()) {
                int width = Math.min(count, own.rank() - column);
                multiply(new Strip(column, width, own.rank(), own.down(), 0, own.low()), p, end);
            }
            p = end;
        }
    }

    private void packLow(int panel, int at) {
        Gemm.Extension own = extension(panel);
        if (own != null) {
            Gemm.Side low = Gemm.Side.rows(own.low().rows(own.rank()));
            low.pack(row(panel), count(panel), Gemm.ROWS, 0, own.rank(), packed, at, 0);
        }
    }

    private Gemm.Extension extension(int panel) {
        return extensions.get(panel / panelsOfShare());
    }

    private int panels() {
        return extensions.size() * panelsOfShare();
    }

    private int panelsOfShare() {
        return (int) Gemm.panels(height, Gemm.ROWS);
    }

    /** Panels before the first one that has fewer rows than others. */
    private int wholePanels() {
        return height % Gemm.ROWS == 0 ? panels() : height / Gemm.ROWS;
    }

    /** The first row of a panel. */
    private int row(int panel) {
        return start + panel / panelsOfShare() * height + panel % panelsOfShare() * Gemm.ROWS;
    }

    /** Rows of a panel. */
    private int count(int panel) {
        return Math.min(Gemm.ROWS, height - panel % panelsOfShare() * Gemm.ROWS);
    }

    private int from(int slice) {
        int slices = (int) Gemm.slices(k);
        return slice == slices ? k : Gemm.share(k, slice, slices) / Gemm.PIECE * Gemm.PIECE;
    }

    private int depth(int slice) {
        return from(slice + 1) - from(slice);
    }

    /** Elements of a slice of a left panel. */
    private int pitch(int slice) {
        return (depth(slice) + (slice == Gemm.slices(k) - 1 ? rank : 0)) * Gemm.ROWS;
    }

    /** Where a slice of a left panel is packed. */
    private int at(int panel, int slice) {
        return panels() * from(slice) * Gemm.ROWS + panel * pitch(slice);
    }

    private void packLeft(int first, int last) {
        for (int p = first; p < last; ) {
            int end = Math.min(last, (p / panelsOfShare() + 1) * panelsOfShare());
            int count = row(end - 1) + count(end - 1) - row(p);
            for (int s = 0; s < Gemm.slices(k); s++) {
                left.pack(row(p), count, Gemm.ROWS, from(s), depth(s), packed, at(p, s), pitch(s));
            }
            p = end;
        }
    }

    /** All left panels times n right vectors, in parts. */
    private void forEachPart(int n, Workers workers, Part part) {
        int rightPanels = (int) Gemm.panels(n, Gemm.COLUMNS);
        int group = Math.max(1, Math.min(GROUP, rightPanels / (2 * workers.threads())));
        int groups = (int) Gemm.panels(rightPanels, group);
        int wanted = (int) Gemm.panels((long) TASKS * workers.threads(), groups);
        int chunks = Math.max(1, Math.min(wanted, panels() / CHUNK));
        workers.forEach(
                groups * chunks,
                task -> {
                    int column = task / chunks * group * Gemm.COLUMNS;
                    int count = Math.min(group * Gemm.COLUMNS, n - column);
                    int chunk = task % chunks;
                    int first = Gemm.share(panels(), chunk, chunks);
                    part.run(column, count, first, Gemm.share(panels(), chunk + 1, chunks));
                });
    }

    /** Left panels {@code [first, last)} times the right panels of a strip. */
    private void multiply(Strip strip, int first, int last) {
        int width = strip.width();
        Gemm.Scratch scratch = Gemm.SCRATCH.get();
        float[] panels = scratch.panels(width * (Gemm.SLICE + Gemm.PIECE + strip.more));
        // results for which the target has no room are added up aside
        int aside = width > strip.count ? first : Math.min(last, Math.max(first, wholePanels()));
        float[] edge = scratch.edge((last - aside) * Gemm.ROWS * width);
        for (int s = 0; s < Gemm.slices(k); s++) {
            boolean complete = s == Gemm.slices(k) - 1;
            int pitch = depth(s) + (complete ? strip.more : 0);
            int depth = depth(s);
            strip.pack(from(s), depth, pitch, panels);
            for (int p = first; p < last; p++) {
                if (complete && strip.more > 0 && (p == first || p % panelsOfShare() == 0)) {
                    depth = depth(s) + strip.extend(extension(p), depth(s), pitch, panels);
                }
                float[] results = p < aside ? strip.target.values() : edge;
                int row = p < aside ? at(strip, p) : (p - aside) * Gemm.ROWS * width;
                int stride = p < aside ? strip.n : width;
                int left = at(p, s);
                for (int c = 0; c < width; c += Gemm.COLUMNS) {
                    int to = row + c;
                    int right = c * pitch;
                    if (s == 0) {
                        SIMD.multiply(depth, packed, left, panels, right, results, to, stride);
                    } else {
                        SIMD.multiplyAdd(depth, packed, left, panels, right, results, to, stride);
                    }
                }
                if (complete) {
                    finish(strip, p, p < aside ? null : edge, row);
                }
            }
        }
    }

    /** Where the first row of a left panel has its results. */
    private int at(Strip strip, int panel) {
        return strip.target.at() + row(panel) * strip.n + strip.column;
    }

    private void finish(Strip strip, int panel, float[] aside, int asideAt) {
        Gemm.Target target = strip.target;
        int row = row(panel);
        int first = at(strip, panel);
        for (int i = 0; i < count(panel); i++) {
            int to = first + i * strip.n;
            if (aside != null) {
                int from = asideAt + i * strip.width();
                System.arraycopy(aside, from, target.values(), to, strip.count);
            }
            if (target.finish() != null) {
                target.finish().apply(row + i, strip.column, strip.count, target.values(), to);
            }
        }
    }

    /** Work on some right vectors and left panels {@code [first, last)}. */
    private interface Part {
        void run(int column, int count, int first, int last);
    }

    /**
     * Some columns of the results.
     *
     * @param n columns of all results
     * @param more columns of the last slice beyond k at most
     */
    private record Strip(
            int column, int count, int n, Gemm.Side right, int more, Gemm.Target target) {

        /** With padding. */
        int width() {
            return (int) Gemm.panels(count, Gemm.COLUMNS) * Gemm.COLUMNS;
        }

        /** Packs a slice as [panels][pitch, tileColumns]. */
        void pack(int from, int depth, int pitch, float[] panels) {
            right.pack(column, count, Gemm.COLUMNS, from, depth, panels, 0, pitch * Gemm.COLUMNS);
        }

        /** Packs the low-rank columns of a share behind a slice; answers how many there are. */
        int extend(Gemm.Extension own, int depth, int pitch, float[] panels) {
            if (own == null) {
                return 0;
            }
            int behind = depth * Gemm.COLUMNS;
            own.up()
                    .pack(
                            column,
                            count,
                            Gemm.COLUMNS,
                            0,
                            own.rank(),
                            panels,
                            behind,
                            pitch * Gemm.COLUMNS);
            return own.rank();
        }
    }
}
