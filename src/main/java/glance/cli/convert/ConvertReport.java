package glance.cli.convert;

import glance.api.Converted;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.Units;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * What a conversion cost; the component names are the keys of --json.
 *
 * @param target what was written
 * @param what it is
 * @param bytesBefore size of all tensors in the source
 * @param bytes size of all tensors now
 * @param bitsPerWeight on average, scales included
 * @param error norm of what rounding took over that of all tensors
 * @param fallbacks matrices in another type, because their rows fit no blocks
 * @param seconds that it took
 * @param tensors those with the largest error first
 * @param pictures how far the pictures of both are apart; null if none were drawn
 */
record ConvertReport(
        String target,
        String what,
        long bytesBefore,
        long bytes,
        double bitsPerWeight,
        double error,
        int fallbacks,
        double seconds,
        List<Row> tensors,
        PictureTrial.Distance pictures) {
    private static final int ROWS = 10;

    /**
     * A tensor.
     *
     * @param error norm of what rounding took over its own
     */
    record Row(String name, String type, boolean fallback, double error) {}

    static ConvertReport of(String target, Converted converted) {
        List<Row> rows =
                converted.tensors().stream()
                        .map(t -> new Row(t.name(), t.type(), t.fallback(), t.error()))
                        .sorted(Comparator.comparingDouble(Row::error).reversed())
                        .toList();
        return new ConvertReport(
                target,
                converted.what(),
                converted.bytesBefore(),
                converted.bytes(),
                converted.bitsPerWeight(),
                converted.error(),
                (int) rows.stream().filter(Row::fallback).count(),
                converted.seconds(),
                rows,
                null);
    }

    /** The same with how far the pictures are apart. */
    ConvertReport with(PictureTrial.Distance distance) {
        return new ConvertReport(
                target,
                what,
                bytesBefore,
                bytes,
                bitsPerWeight,
                error,
                fallbacks,
                seconds,
                tensors,
                distance);
    }

    /**
     * Prints a table, the worst first, and what it comes to.
     *
     * @param all whether every tensor is in the table that lost anything
     */
    void print(Session session, boolean all) {
        List<Row> lossy = tensors.stream().filter(row -> row.error() > 0).toList();
        if (!lossy.isEmpty()) {
            Table table = new Table("tensor", "type", "error");
            lossy.stream()
                    .limit(all ? lossy.size() : ROWS)
                    .forEach(row -> table.row(row.name(), type(row), percent(row.error())));
            if (lossy.size() > ROWS && !all) {
                table.row("and " + (lossy.size() - ROWS) + " more (--all)", "", "");
            }
            table.row("all " + tensors.size(), "", percent(error));
            table.print(session.out());
        }
        if (fallbacks > 0) {
            session.out()
                    .println(
                            Units.plural(fallbacks, "tensor")
                                    + " in another type (*) than the one asked for, whose blocks"
                                    + " their rows do not fit");
        }
        session.out()
                .println(
                        what
                                + ": "
                                + Units.bytes(bytesBefore)
                                + " before, "
                                + Units.bytes(bytes)
                                + " now, "
                                + String.format(Locale.ROOT, "%.2f", bitsPerWeight)
                                + " bits a weight, in "
                                + Units.seconds(seconds));
        session.out().println(target);
    }

    private static String type(Row row) {
        return row.type() + (row.fallback() ? " *" : "");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.3f %%", 100 * share);
    }
}
