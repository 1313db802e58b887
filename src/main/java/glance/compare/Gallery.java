package glance.compare;

import glance.api.Comparison.Run;
import glance.api.Outcome;
import glance.schedule.Seeds;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * The pictures of a comparison on one sheet: prompts and seeds down, runs across; of a grid its
 * cells; above them what all are made from.
 */
public final class Gallery {
    private static final int SIDE = 128;
    private static final int GRID_SIDE = 256;

    /** A grid of many columns has smaller pictures, so that a screen shows it. */
    private static final int GRID_WIDTH = 2048;

    private final ComparisonRequest request;
    private final ContactSheet sheet;

    /** An empty one. */
    public Gallery(ComparisonRequest request) {
        this.request = request;
        sheet = request.grid() == null ? runs(request) : grid(request);
    }

    private static ContactSheet runs(ComparisonRequest request) {
        List<String> rows = new ArrayList<>();
        boolean several = request.seeds().size() > 1;
        for (String prompt : request.prompts()) {
            for (long seed : request.seeds()) {
                rows.add(several ? prompt + "\nseed " + Seeds.text(seed) : prompt);
            }
        }
        return sheet(
                request,
                "",
                rows.subList(0, Math.min(rows.size(), request.asked().sheetRows())),
                request.runs().stream().map(Run::name).toList(),
                SIDE);
    }

    private static ContactSheet grid(ComparisonRequest request) {
        GridLayout grid = request.grid();
        String title =
                request.prompts().get(0)
                        + "\nplan "
                        + grid.plan().name()
                        + ", "
                        + grid.plan().levels().count()
                        + " steps, seed "
                        + Seeds.text(request.setting().seed());
        int side = Math.min(GRID_SIDE, GRID_WIDTH / grid.columns().size());
        return sheet(request, title, grid.rows(), grid.columns(), side);
    }

    private static ContactSheet sheet(
            ComparisonRequest request,
            String title,
            List<String> rows,
            List<String> columns,
            int side) {
        return new ContactSheet(
                title,
                request.pictures(),
                rows,
                columns,
                side,
                request.setting().width(),
                request.setting().height());
    }

    /** Takes a picture. */
    public void accept(Outcome outcome, BufferedImage picture) {
        if (request.grid() != null) {
            fill(outcome.run(), picture);
            return;
        }
        int row =
                outcome.prompt() * request.seeds().size() + request.seeds().indexOf(outcome.seed());
        if (row < request.asked().sheetRows()) {
            List<String> names = request.runs().stream().map(Run::name).toList();
            sheet.put(row, names.indexOf(outcome.run()), picture);
        }
    }

    private void fill(String run, BufferedImage picture) {
        List<List<String>> cells = request.grid().names();
        for (int row = 0; row < cells.size(); row++) {
            for (int column = 0; column < cells.get(row).size(); column++) {
                if (cells.get(row).get(column).equals(run)) {
                    sheet.put(row, column, picture);
                }
            }
        }
    }

    /** The sheet of the pictures so far. */
    public BufferedImage sheet() {
        return sheet.picture();
    }
}
